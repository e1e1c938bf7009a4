"""The texts of the pages: `python -m web.messages` prints those without English, in the format of a .po file."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract

from web.texts import catalogue

WEB = Path(__file__).parent
_CJK = re.compile(r"[\u3400-\u9fff\uff00-\uffef]")
#: Calls of `t("…")` in scripts.
_SCRIPT_TEXT = re.compile(r"""\bt\(\s*("(?:[^"\\]|\\.)*")""")


def messages() -> Iterator[tuple[Path, int, str]]:
    """All texts, each with the file and the line where it stands."""
    for path in sorted(WEB.rglob("*.html")):
        if "node_modules" not in path.parts and "static" not in path.parts:
            yield from _extracted(path, "jinja2.ext:babel_extract", {"_": None})
    for path in sorted(WEB.rglob("*.py")):
        if "node_modules" not in path.parts:
            yield from _extracted(path, "python", {"text": None, "_": None})
    for path in sorted((WEB / "ui").rglob("*.ts*")):
        if "node_modules" not in path.parts:
            source = path.read_text()
            for match in _SCRIPT_TEXT.finditer(source):
                yield path, source[: match.start()].count("\n") + 1, _unquoted(match[1])
    from web.nav import ENTRIES

    yield from ((WEB / "nav.py", 1, entry.title) for entry in ENTRIES)


def untranslated() -> list[tuple[Path, int, str]]:
    """The texts without English, each once."""
    english, seen, missing = catalogue(), set[str](), []
    for path, line, message in messages():
        if message not in english and message not in seen and _CJK.search(message):
            seen.add(message)
            missing.append((path, line, message))
    return missing


def _extracted(path: Path, method: str, keywords: dict[str, None]) -> Iterator[tuple[Path, int, str]]:
    options = {"trimmed": "false", "newstyle_gettext": "true"} if method.startswith("jinja2") else {}
    with path.open("rb") as file:
        for line, message, _, _ in extract(method, file, keywords=keywords, options=options):
            text = message if isinstance(message, str) else message[0]
            yield path, line, str(text)


def _unquoted(literal: str) -> str:
    return literal[1:-1].replace('\\"', '"').replace("\\n", "\n")


def main() -> None:
    """Print the texts that have no English."""
    for path, line, message in untranslated():
        escaped = message.replace('"', '\\"').replace("\n", "\\n")
        print(f'#: {path.relative_to(WEB)}:{line}\nmsgid "{escaped}"\nmsgstr ""\n')  # noqa: T201 (a command)


if __name__ == "__main__":
    main()
