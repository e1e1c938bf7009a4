"""Faults of a policy that are found in the raw data, where parts have lines: duplicate codes and unknown names."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.files.reference_files import Document, FileProblem, Location

#: References: the location of each name, and the name.
_References = Iterator[tuple[Location, Any]]


def find_raw_faults(document: Document) -> list[FileProblem]:
    """Return every such fault at its line; parts of an unexpected shape are left to the schema."""
    problems: list[FileProblem] = []
    for section, field in (
        ("groups", "code"), ("categories", "code"), ("standards", "code"), ("ladders", "code"), ("calendars", "name"),
    ):  # fmt: skip
        problems += _duplicates(document, section, field)
    groups = set(_codes(document, "groups").values())
    for position in _codes(document, "categories"):
        group = document.data["categories"][position].get("group")
        if group is not None and group not in groups:
            at: Location = ("categories", position, "group")
            problems.append(document.problem(at, f"没有大类“{group}”", f"there is no group “{group}”"))
    references: tuple[tuple[_References, str, str, str, str], ...] = (
        (_standard_references(document), "standards", "code", "标准", "standard"),
        (_ladder_references(document), "ladders", "code", "升级梯级", "ladder"),
        (_calendar_references(document.data, ()), "calendars", "name", "日历", "calendar"),
    )
    for locations, section, field, zh, en in references:
        known = set(_codes(document, section, field).values())
        for location, name in locations:
            if isinstance(name, str) and name not in known:
                problems.append(document.problem(location, f"没有{zh}“{name}”", f"there is no {en} “{name}”"))
    return problems


def _duplicates(document: Document, section: str, field: str) -> Iterator[FileProblem]:
    codes = _codes(document, section, field)
    for position, code in codes.items():
        first = next(p for p, c in codes.items() if c == code)
        if first != position:
            line = document.line_of((section, first, field))
            zh, en = f"“{code}”重复,已见于第 {line} 行", f"“{code}” is a duplicate of line {line}"
            yield document.problem((section, position, field), zh, en)


def _standard_references(document: Document) -> _References:
    for place, category in _items(document.data, "categories"):
        for number, condition in _items(category, "conditions"):
            yield ("categories", place, "conditions", number, "standard"), condition.get("standard")


def _ladder_references(document: Document) -> _References:
    for place, standard in _items(document.data, "standards"):
        yield ("standards", place, "ladder"), standard.get("ladder")
    urges = document.data.get("urges") if isinstance(document.data, Mapping) else None
    for kind, rule in urges.items() if isinstance(urges, Mapping) else ():
        if isinstance(rule, Mapping):
            yield ("urges", kind, "ladder"), rule.get("ladder")


def _calendar_references(value: Any, at: Location) -> _References:
    """Yield every `calendar:` of a limit or delay, wherever it is."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            if key == "calendar" and "amount" in value:
                yield (*at, key), entry
            else:
                yield from _calendar_references(entry, (*at, key))
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            yield from _calendar_references(entry, (*at, place))


def _items(value: Any, section: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    found = value.get(section) if isinstance(value, Mapping) else None
    for place, item in enumerate(found if isinstance(found, list) else []):
        if isinstance(item, Mapping):
            yield place, item


def _codes(document: Document, section: str, field: str = "code") -> dict[int, str]:
    """Return the codes in a section of the raw data, by position."""
    return {place: item[field] for place, item in _items(document.data, section) if isinstance(item.get(field), str)}
