"""Translation of texts: Chinese is the source, English comes from `locale/en/*.po`, one file per area.

English has two forms of a text that counts things: those of a plural entry (`msgid_plural`), chosen by the gap `n`.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
#: The language tags of HTML and the locale names of Babel, by our language codes.
LANGUAGE_TAGS: Mapping[str, str] = {"zh": "zh-CN", "en": "en"}
BABEL_LOCALES: Mapping[str, str] = {"zh": "zh_Hans_CN", "en": "en_GB"}
#: A text; or its form for one, and its form for any other number.
Forms = str | tuple[str, str]


@lru_cache(maxsize=8)
def catalogue(area: str | None = None) -> dict[str, Forms]:
    """The English texts by Chinese text, of one area or of all.

    The field app has less room and words some texts differently; in the catalogue of all areas the pages' text wins.
    """
    texts: dict[str, Forms] = {}
    for path in sorted((LOCALE / "en").glob(f"{area or '*'}.po"), key=lambda path: path.stem != "field"):
        texts |= read_area(path)
    return texts


def read_area(path: Path) -> dict[str, Forms]:
    """The English texts of one file by Chinese text."""
    with path.open("rb") as file:
        messages = read_po(file, locale="en")
    return dict(_pair(message) for message in messages if message.id and message.string)


def _pair(message: Message) -> tuple[str, Forms]:
    texts = message.string
    if isinstance(texts, list | tuple):
        one, other = texts
        return str(message.id[0]), (str(one), str(other))
    return str(message.id), str(texts)


def translate(language: str, message: str, **params: object) -> str:
    """The text in `zh` or `en`, with `%(name)s` filled in. A text without translation stays Chinese."""
    found = catalogue().get(message, message) if language == "en" else message
    text = found if isinstance(found, str) else found[0 if str(params.get("n")) == "1" else 1]
    return text % params if params else text
