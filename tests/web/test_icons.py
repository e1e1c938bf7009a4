"""Every icon that a page or the phone names is one of those that are built in: any other is drawn as nothing."""

import re
from pathlib import Path

from web.build import UI
from web.nav import ENTRIES

TEMPLATES = UI.parent / "templates"


def _named(folder: Path, pattern: str, place: str) -> set[str]:
    return {name for path in folder.rglob(pattern) for name in re.findall(place, path.read_text())}


def _built(path: Path) -> set[str]:
    return set(path.read_text().split())


def test_the_phone_names_only_icons_that_it_has() -> None:
    said = _named(UI / "field", "*.tsx", r"<Icon name=(?:\{[^}]*\}|\"[^\"]*\")")
    names = {name for one in said for name in re.findall(r"\"([a-z-]+)\"", one)}
    names |= _named(UI / "field", "*.ts*", r"icon: \"([a-z-]+)\"")
    assert {"camera", "flag", "check-circle"} <= names
    assert names <= _built(UI / "field" / "icons.txt")


def test_the_pages_name_only_icons_that_they_have() -> None:
    names = _named(TEMPLATES, "*.html", r"icon\(\"([a-z-]+)\"") | {entry.icon for entry in ENTRIES}
    assert {"download", "swap"} <= names
    assert names <= _built(UI / "icons.txt")
