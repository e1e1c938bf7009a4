"""The pages' texts: Chinese is the source, English comes from `locale/en/*.po`, one file an area of the product."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
#: What we speak: how the page names its language, and how Babel does.
TAGS: Mapping[str, str] = {"zh": "zh-CN", "en": "en"}
BABEL: Mapping[str, str] = {"zh": "zh_Hans_CN", "en": "en_GB"}


@lru_cache(maxsize=8)
def catalogue(area: str | None = None) -> dict[str, str]:
    """The English texts by their Chinese, of one area or of all.

    The phone says some things otherwise, for it has less room; the pages then have their own way.
    """
    found: dict[str, str] = {}
    for path in sorted((LOCALE / "en").glob(f"{area or '*'}.po"), key=lambda path: path.stem != "field"):
        with path.open("rb") as file:
            messages = read_po(file, locale="en")
        found |= {str(message.id): str(message.string) for message in messages if message.id and message.string}
    return found


def translate(language: str, message: str, **params: object) -> str:
    """The text in `zh` or `en`, with `%(name)s` filled in. What has no translation yet stays Chinese."""
    text = catalogue().get(message, message) if language == "en" else message
    return text % params if params else text
