"""Variants of a policy: a small file that `extends` another and says only what `changes`.

    extends: demo.yaml
    changes:
      name: 半时限
      standards:
        - {code: everyday, handle: {amount: 2, unit: legal_work_day}}

Paths are relative to the variant. Entries of a list are merged by their `code`, `name` or `id`, and new ones put at
its end; mappings are merged key by key; anything else is replaced; `null` takes a key out. A limit that is given a new
length loses the `source` of the old one unless a new one is named: what a law said of the old figure is not said of the
new one. Its `ceiling` stays.

Problems are told at the line of the variant where it says something, and of the file it extends elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.files.reference_files import BadFile, Document, FileProblem, Location, read_yaml

#: How many files may extend one another (our choice).
MOST_LAYERS = 5
_KEYS = ("code", "name", "id")
_LENGTH = frozenset({"amount", "unit", "hours"})
_ALLOWED = ("extends", "changes")

#: Where a part of the merged policy comes from: a file and its line.
Origins = dict[Location, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class MergedDocument(Document):
    """A policy put together from several files; each part knows its own."""

    origins: Origins

    def problem(self, location: Location, zh: str, en: str) -> FileProblem:
        """A problem at `location`, in the file and at the line that said it."""
        plain = Document.problem(self, location, zh, en)
        while location and location not in self.origins:
            location = location[:-1]
        file, line = self.origins.get(location, (self.file, 1))
        return FileProblem(file, line, plain.zh, plain.en)


def read_policy_document(path: Path) -> Document:
    """A policy file as a document, put together if it extends another.

    Raises BadFile for a variant that is wrong itself, FileNotFoundError for the first file.
    """
    return _read(path, ())


def _read(path: Path, above: tuple[Path, ...]) -> Document:
    document = read_yaml(path)
    if not (isinstance(document.data, Mapping) and "extends" in document.data):
        return document
    base = _base(document, path, (*above, path.resolve()))
    return _merged(base, document)


def _base(document: Document, path: Path, chain: tuple[Path, ...]) -> Document:
    odd = [key for key in document.data if key not in _ALLOWED]
    if odd:
        zh, en = "变体文件只有 extends 与 changes 两项", "a variant has `extends` and `changes` only"
        raise BadFile([document.problem((str(key),), zh, en) for key in odd])
    changes = document.data.get("changes")
    if changes is not None and not isinstance(changes, Mapping):
        raise BadFile([document.problem(("changes",), "应为键值", "a mapping is expected")])
    named = document.data["extends"]
    if not isinstance(named, str) or not named.strip():
        raise BadFile([document.problem(("extends",), "应为文件名", "the name of a file is expected")])
    target = path.parent / named
    if target.resolve() in chain:
        raise BadFile([document.problem(("extends",), f"循环引用 {named}", f"{named} extends this file itself")])
    if len(chain) >= MOST_LAYERS:
        zh, en = f"最多 {MOST_LAYERS} 层", f"at most {MOST_LAYERS} files may extend one another"
        raise BadFile([document.problem(("extends",), zh, en)])
    try:
        return _read(target, chain)
    except OSError as error:
        zh = f"无法读取 {target}:{error.strerror}"
        en = f"{target} cannot be read: {error.strerror}"
        raise BadFile([document.problem(("extends",), zh, en)]) from error


def _merged(base: Document, variant: Document) -> MergedDocument:
    origins: Origins = {}
    changes = variant.data.get("changes") or {}
    merge = _Merge(base, variant, origins)
    data = merge.both(base.data, (), changes, ("changes",), ())
    lines = {location: line for location, (_, line) in origins.items()}
    return MergedDocument(variant.file, data, lines, origins)


class _Merge:
    """One base under one variant; notes where each part of the result comes from."""

    def __init__(self, base: Document, variant: Document, origins: Origins) -> None:
        self._base = base
        self._variant = variant
        self._origins = origins

    def both(self, old: Any, old_at: Location, new: Any, new_at: Location, at: Location) -> Any:
        """`old` with what `new` changes. The locations are where each lies in its file, and in the result."""
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            self._of_base(old_at, at)
            return self._mappings(old, old_at, new, new_at, at)
        if isinstance(old, list) and isinstance(new, list) and (key := _key(old, new)):
            self._of_base(old_at, at)
            return self._lists(old, old_at, new, new_at, at, key)
        return self._taken(self._variant, new, new_at, at)

    def _mappings(
        self, old: Mapping[Any, Any], old_at: Location, new: Mapping[Any, Any], new_at: Location, at: Location
    ) -> dict[Any, Any]:
        gone = {key for key, value in new.items() if value is None} | _unsaid(old, new)
        merged: dict[Any, Any] = {}
        for key, value in old.items():
            place = str(key)
            if key in gone:
                continue
            if key in new:
                merged[key] = self.both(value, (*old_at, place), new[key], (*new_at, place), (*at, place))
            else:
                merged[key] = self._taken(self._base, value, (*old_at, place), (*at, place))
        for key, value in new.items():
            if key not in old and value is not None:
                merged[key] = self._taken(self._variant, value, (*new_at, str(key)), (*at, str(key)))
        return merged

    def _lists(
        self, old: list[Any], old_at: Location, new: list[Any], new_at: Location, at: Location, key: str
    ) -> list[Any]:
        changed = {entry[key]: position for position, entry in enumerate(new)}
        merged: list[Any] = []
        for position, entry in enumerate(old):
            change = changed.pop(entry[key], None)
            here = (*at, position)
            if change is None:
                merged.append(self._taken(self._base, entry, (*old_at, position), here))
            else:
                merged.append(self.both(entry, (*old_at, position), new[change], (*new_at, change), here))
        for position in changed.values():
            merged.append(self._taken(self._variant, new[position], (*new_at, position), (*at, len(merged))))
        return merged

    def _taken(self, document: Document, value: Any, source: Location, at: Location) -> Any:
        """`value` as it is in that document."""
        self._origins[at] = _origin(document, source)
        if isinstance(value, Mapping):
            for key, part in value.items():
                self._taken(document, part, (*source, str(key)), (*at, str(key)))
        elif isinstance(value, list):
            for position, part in enumerate(value):
                self._taken(document, part, (*source, position), (*at, position))
        return value

    def _of_base(self, old_at: Location, at: Location) -> None:
        self._origins[at] = _origin(self._base, old_at)


def _origin(document: Document, location: Location) -> tuple[str, int]:
    found = document.problem(location, "", "")
    return found.file, found.line


def _key(old: list[Any], new: list[Any]) -> str | None:
    """What the entries of both lists are told apart by; None for lists of plain values, which are replaced whole."""
    entries = (*old, *new)
    return next(
        (key for key in _KEYS if entries and all(isinstance(e, Mapping) and _is_name(e.get(key)) for e in entries)),
        None,
    )


def _is_name(value: Any) -> bool:
    return isinstance(value, str)


def _unsaid(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> set[str]:
    """What a new length takes from the limit that it is given to: its source, and the other way to write a length."""
    told = _LENGTH & new.keys()
    if not told or not _LENGTH & old.keys():
        return set()
    gone = set() if "source" in new else {"source"}
    return gone | ({"amount", "unit"} if "hours" in told else {"hours"})
