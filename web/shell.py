"""What the phone's shell is made of besides its scripts: words for codes, icons, and the manifest to install it by."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from PIL import Image, ImageDraw

from services.wording import vocabulary

#: The books whose words the phone says.
_BOOKS = ("STAGES", "FACTS", "ROLES", "SEVERITIES", "SOURCES", "TASKS", "COMMANDS", "OUTCOMES")
#: Sides of the icons that phones put on their home screen, in pixels.
ICON_SIDES = (180, 192, 512)
_BRAND = "#0052d9"
#: Drawn larger, then made smaller: smooth edges.
_FINER = 4


def phone_words(language: str) -> str:
    """The words for codes as JSON, by book, in `zh` or `en`."""
    books = {
        name.lower(): {code: vocabulary.named(book, code, language) for code in book}
        for name in _BOOKS
        if isinstance(book := getattr(vocabulary, name), Mapping)
    }
    return as_script(books)


def as_script(content: object) -> str:
    """JSON that may stand in a script element."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def phone_sprite(symbols: Iterable[tuple[str, str]]) -> str:
    """The icons within the page itself, `#i-name` each: no request, and there without a network."""
    made = "".join(f'<symbol id="i-{name}" viewBox="0 0 24 24" fill="none">{inner}</symbol>' for name, inner in symbols)
    return f'<svg xmlns="http://www.w3.org/2000/svg" class="sprite" aria-hidden="true">{made}</svg>'


def web_manifest(language: str) -> str:
    """What a phone reads when the page is put on its home screen."""
    english = language == "en"
    icons = [{"src": f"./icon-{side}.png", "sizes": f"{side}x{side}", "type": "image/png"} for side in ICON_SIDES[1:]]
    content = {
        "name": "Gridloop" if english else "网格事件",
        "short_name": "Gridloop" if english else "网格事件",
        "lang": "en" if english else "zh-CN",
        "start_url": "./en.html" if english else "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#f3f5f9",
        "theme_color": "#003cab",
        "icons": [*icons, {"src": "./icon.svg", "sizes": "any", "type": "image/svg+xml"}],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def draw_icons(place: Path) -> None:
    """The icon of `ui/icon.svg` as pictures: a phone's home screen takes no drawing."""
    for side in ICON_SIDES:
        unit = side * _FINER / 32
        picture = Image.new("RGB", (side * _FINER, side * _FINER), _BRAND)
        pen = ImageDraw.Draw(picture)
        for left, top in ((7, 7), (18, 7), (7, 18)):
            pen.rectangle([left * unit, top * unit, (left + 7) * unit, (top + 7) * unit], fill="#fff")
        pen.ellipse([17.5 * unit, 17.5 * unit, 25.5 * unit, 25.5 * unit], fill="#ffd24d")
        picture.resize((side, side), Image.Resampling.LANCZOS).save(place / f"icon-{side}.png", optimize=True)
