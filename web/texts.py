"""Translation of texts: Chinese is the source, English comes from `locale/en/*.po`, one file per area."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
#: The language tags of HTML and the locale names of Babel, by our language codes.
LANGUAGE_TAGS: Mapping[str, str] = {"zh": "zh-CN", "en": "en"}
BABEL_LOCALES: Mapping[str, str] = {"zh": "zh_Hans_CN", "en": "en_GB"}


@lru_cache(maxsize=8)
def catalogue(area: str | None = None) -> dict[str, str]:
    """The English texts by Chinese text, of one area or of all.

    The field app has less room and words some texts differently; in the catalogue of all areas the pages' text wins.
    """
    texts: dict[str, str] = {}
    for path in sorted((LOCALE / "en").glob(f"{area or '*'}.po"), key=lambda path: path.stem != "field"):
        with path.open("rb") as file:
            messages = read_po(file, locale="en")
        texts |= {str(message.id): str(message.string) for message in messages if message.id and message.string}
    return texts


def translate(language: str, message: str, **params: object) -> str:
    """The text in `zh` or `en`, with `%(name)s` filled in. A text without translation stays Chinese."""
    text = catalogue().get(message, message) if language == "en" else message
    return text % params if params else text
