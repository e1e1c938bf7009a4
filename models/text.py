"""Text as people type, paste and copy it, in the one form in which it is checked, compared and stored.

Prose keeps its Chinese punctuation and its superscripts: all of NFKC would turn "，" into "," and "10²" into "102". So
prose takes the compatibility forms of letters and digits only; what is compared (codes, searches) takes all of NFKC.
"""

import re
import unicodedata
from typing import Final

_JOINERS: Final = "\u200c\u200d"
#: Kinds of compatibility decomposition that change the look of a character, and not what it says.
_SAME_MEANING: Final = frozenset({"<wide>", "<narrow>", "<font>", "<initial>", "<medial>", "<final>", "<isolated>"})
#: Blocks of which every compatibility form is taken: radicals (copied from PDF files) and Latin ligatures.
_LOOK_ALIKES: Final = ((0x2E80, 0x2FDF), (0xFB00, 0xFB06))
#: Shown as nothing, though Unicode counts them among letters, marks and symbols: fillers, the empty Braille pattern.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
#: What programs use to break lines besides LF: Word's soft return, form feed, NEL, the separators of Unicode.
_LINE_BREAKS: Final = re.compile("\r\n|[\r\v\f\u0085\u2028\u2029]")
_SPACES: Final = re.compile(" {2,}")
_AROUND_BREAK: Final = re.compile(" *\n *")
_EMPTY_LINES: Final = re.compile("\n{3,}")
#: Categories of which a text must hold a character: letters, numbers, punctuation, symbols.
_SHOWN: Final = frozenset("LNPS")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\u2e3a\u2e3b\u30fc\ufe58\ufe63\uff0d]")


def clean_text(value: str) -> str:
    """Return prose in one form: line breaks as LF, spaces folded, no invisible signs, letters and digits in their usual
    width. What shows as nothing returns as the empty text. Control characters stay; see `find_control`.
    """
    text = _LINE_BREAKS.sub("\n", value).translate(_PROSE)
    if _CONTEXTUAL.search(text):
        text = _without_stray_joiners(text)
    text = unicodedata.normalize("NFC", text)
    text = _EMPTY_LINES.sub("\n\n", _AROUND_BREAK.sub("\n", _SPACES.sub(" ", text))).strip(" \n")
    return text if text.isascii() or any(unicodedata.category(char)[0] in _SHOWN for char in text) else ""


def clean_line(value: str) -> str:
    """Return `clean_text` on one line, for titles and names."""
    return clean_text(value).replace("\n\n", " ").replace("\n", " ")


def clean_code(value: str) -> str:
    """Return a code, a number or another key in one form: NFKC, dashes as "-", nothing invisible, no space around."""
    return _DASHES.sub("-", clean_line(unicodedata.normalize("NFKC", value)))


def fold_for_search(value: str) -> str:
    """Return the form in which words are compared: NFKC, without case, spaces folded to one."""
    return clean_line(unicodedata.normalize("NFKC", clean_line(value)).casefold())


def clean_search(value: str) -> str:
    """Return what was typed into a search box, on one line; nothing has a control character, so that finds nothing."""
    return "" if find_control(value) else clean_line(value)


def find_control(value: str) -> str | None:
    """Return the first character that no text may hold, None without one: controls except tab and line breaks, and code
    points that Unicode reserves as no characters.
    """
    found = _CONTROL.search(_LINE_BREAKS.sub("\n", value))
    return None if found is None else found.group()


def escape_controls(value: str) -> str:
    r"""Return text that cannot drive a terminal: controls as `\x1b` and `\u202e`. Line breaks and tabs stay."""
    return _TERMINAL.sub(lambda found: found.group().encode("unicode_escape").decode(), value)


class _Prose(dict[int, str | None]):
    """The form of each character in prose, found when it is first met. None removes the character."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        self[code] = form = _prose_form(char)
        return form


def _prose_form(char: str) -> str | None:
    category = unicodedata.category(char)
    if char == "\t" or category == "Zs":
        return " "
    if char in _BLANK or (category == "Cf" and char not in _JOINERS):
        return None
    kind = unicodedata.decomposition(char).partition(" ")[0]
    in_blocks = any(first <= ord(char) <= last for first, last in _LOOK_ALIKES)
    if in_blocks or (kind in _SAME_MEANING and category[0] != "P"):
        form = unicodedata.normalize("NFKC", char)
        return form if unicodedata.category(form[0])[0] in "LNM" or in_blocks else char
    return char


def _without_stray_joiners(text: str) -> str:
    """Return the text without joiners and variation selectors that join or vary nothing.

    Joiners stay inside an emoji and where RFC 5892 A.1 and A.2 allow them: after a virama, between Arabic letters.
    """
    kept: list[str] = []
    for index, char in enumerate(text):
        before = next((one for one in reversed(kept) if not _is_selector(one)), "")
        after = text[index + 1] if index + 1 < len(text) else ""
        if _is_selector(char):
            if kept and not _is_selector(kept[-1]) and unicodedata.category(kept[-1])[0] in _SHOWN:
                kept.append(char)
        elif char not in _JOINERS or (before and after and _joins(char, before, after)):
            kept.append(char)
    return "".join(kept)


def _joins(joiner: str, before: str, after: str) -> bool:
    if joiner == "\u200d" and all(unicodedata.category(one) in ("So", "Sk") for one in (before, after)):
        return True
    arabic = all(unicodedata.bidirectional(one) == "AL" for one in (before, after))
    return arabic or unicodedata.combining(before) == 9


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


_PROSE: Final = _Prose()
_CONTEXTUAL: Final = re.compile(f"[{_JOINERS}\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_NO_CHARACTERS: Final = "\ufdd0-\ufdef" + "".join(
    f"{chr(0x10000 * plane + 0xFFFE)}{chr(0x10000 * plane + 0xFFFF)}" for plane in range(17)
)
_CONTROL: Final = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f{_NO_CHARACTERS}]")
_TERMINAL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
