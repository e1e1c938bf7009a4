"""The parts of the field app's shell that are not scripts: words for codes, icons, and the install manifest."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from PIL import Image, ImageDraw

from services.wording import vocabulary

#: The books of vocabulary that the field app uses.
_BOOKS = ("STAGES", "FACTS", "ROLES", "SEVERITIES", "SOURCES", "TASKS", "COMMANDS", "OUTCOMES", "REQUESTS",
          "URGE_KINDS")  # fmt: skip
#: Sides of the home screen icons, in pixels.
ICON_SIDES = (180, 192, 512)
_BRAND = "#0052d9"
#: Icons are drawn larger by this factor and scaled down, for smooth edges.
_OVERSAMPLING = 4


def vocabulary_json(language: str) -> str:
    """The words for codes as JSON, by book, in `zh` or `en`."""
    books = {
        name.lower(): {code: vocabulary.label_of(book, code, language) for code in book}
        for name in _BOOKS
        if isinstance(book := getattr(vocabulary, name), Mapping)
    }
    return script_json(books)


def script_json(content: object) -> str:
    """The content as JSON that is safe inside a script element."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def inline_sprite(symbols: Iterable[tuple[str, str]]) -> str:
    """The icons as symbols `#i-name` inside the page: they need no request and no network."""
    content = "".join(
        f'<symbol id="i-{name}" viewBox="0 0 24 24" fill="none">{inner}</symbol>' for name, inner in symbols
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" class="sprite" aria-hidden="true">{content}</svg>'


def web_manifest(language: str) -> str:
    """The web app manifest, which a phone reads when the page is added to its home screen."""
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
    """Write the icon of `ui/icon.svg` as PNG files: a phone's home screen does not take SVG."""
    for side in ICON_SIDES:
        unit = side * _OVERSAMPLING / 32
        picture = Image.new("RGB", (side * _OVERSAMPLING, side * _OVERSAMPLING), _BRAND)
        pen = ImageDraw.Draw(picture)
        for left, top in ((7, 7), (18, 7), (7, 18)):
            pen.rectangle([left * unit, top * unit, (left + 7) * unit, (top + 7) * unit], fill="#fff")
        pen.ellipse([17.5 * unit, 17.5 * unit, 25.5 * unit, 25.5 * unit], fill="#ffd24d")
        picture.resize((side, side), Image.Resampling.LANCZOS).save(place / f"icon-{side}.png", optimize=True)
