"""Variants of a policy: a small file that `extends` another and contains only its `changes`.

    extends: demo.yaml
    changes:
      name: 半时限
      standards:
        - {code: everyday, handle: {amount: 2, unit: legal_work_day}}

Paths are relative to the variant. Entries of a list are merged by their `code`, `name` or `id`, and new ones are
appended; mappings are merged key by key; anything else is replaced; `null` removes a key. A limit with a new length
loses the old `source` unless a new one is named: what a law says of the old figure does not hold for the new one. Its
`ceiling` stays.

Problems are reported at the line of the variant for the parts it contains, and of the file it extends for the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.files.reference_files import BadFile, Document, FileProblem, Location, read_yaml

#: How many files may extend one another in a chain (our choice).
MAX_LAYERS = 5
_KEYS = ("code", "name", "id")
_LENGTH = frozenset({"amount", "unit", "hours"})
_ALLOWED = ("extends", "changes")

#: The file and line of each part of the merged policy.
Origins = dict[Location, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class MergedDocument(Document):
    """A policy merged from several files; each part keeps its own file and line."""

    origins: Origins

    def problem(self, location: Location, zh: str, en: str) -> FileProblem:
        """Return a problem at `location`, with the file and line of that part."""
        plain = Document.problem(self, location, zh, en)
        while location and location not in self.origins:
            location = location[:-1]
        file, line = self.origins.get(location, (self.file, 1))
        return FileProblem(file, line, plain.zh, plain.en)


def read_policy_document(path: Path) -> Document:
    """Return a policy file as a document, merged if it extends another.

    Raises BadFile for a variant with faults of its own, FileNotFoundError for the first file.
    """
    return _read(path, ())


def _read(path: Path, above: tuple[Path, ...]) -> Document:
    document = read_yaml(path)
    if not (isinstance(document.data, Mapping) and "extends" in document.data):
        return document
    base = _base(document, path, (*above, path.resolve()))
    return _merge(base, document)


def _base(document: Document, path: Path, chain: tuple[Path, ...]) -> Document:
    unknown = [key for key in document.data if key not in _ALLOWED]
    if unknown:
        zh, en = "变体文件只有 extends 与 changes 两项", "a variant has `extends` and `changes` only"
        raise BadFile([document.problem((str(key),), zh, en) for key in unknown])
    changes = document.data.get("changes")
    if changes is not None and not isinstance(changes, Mapping):
        raise BadFile([document.problem(("changes",), "应为键值", "a mapping is expected")])
    base_name = document.data["extends"]
    if not isinstance(base_name, str) or not base_name.strip():
        raise BadFile([document.problem(("extends",), "应为文件名", "the name of a file is expected")])
    target = path.parent / base_name
    if target.resolve() in chain:
        raise BadFile(
            [document.problem(("extends",), f"循环引用 {base_name}", f"{base_name} extends this file itself")]
        )
    if len(chain) >= MAX_LAYERS:
        zh, en = f"最多 {MAX_LAYERS} 层", f"at most {MAX_LAYERS} files may extend one another"
        raise BadFile([document.problem(("extends",), zh, en)])
    try:
        return _read(target, chain)
    except OSError as error:
        zh = f"无法读取 {target}:{error.strerror}"
        en = f"{target} cannot be read: {error.strerror}"
        raise BadFile([document.problem(("extends",), zh, en)]) from error


def _merge(base: Document, variant: Document) -> MergedDocument:
    origins: Origins = {}
    changes = variant.data.get("changes") or {}
    merge = _Merge(base, variant, origins)
    data = merge.both(base.data, (), changes, ("changes",), ())
    lines = {location: line for location, (_, line) in origins.items()}
    return MergedDocument(variant.file, data, lines, origins)


class _Merge:
    """Merges one base with one variant, and records the origin of each part of the result."""

    def __init__(self, base: Document, variant: Document, origins: Origins) -> None:
        self._base = base
        self._variant = variant
        self._origins = origins

    def both(self, old: Any, old_at: Location, new: Any, new_at: Location, at: Location) -> Any:
        """Return `old` changed by `new`. The locations are those of each in its file, and in the result."""
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            self._record_base(old_at, at)
            return self._mappings(old, old_at, new, new_at, at)
        if isinstance(old, list) and isinstance(new, list) and (key := _key(old, new)):
            self._record_base(old_at, at)
            return self._lists(old, old_at, new, new_at, at, key)
        return self._copied(self._variant, new, new_at, at)

    def _mappings(
        self, old: Mapping[Any, Any], old_at: Location, new: Mapping[Any, Any], new_at: Location, at: Location
    ) -> dict[Any, Any]:
        removed = {key for key, value in new.items() if value is None} | _outdated_keys(old, new)
        merged: dict[Any, Any] = {}
        for key, value in old.items():
            name = str(key)
            if key in removed:
                continue
            if key in new:
                merged[key] = self.both(value, (*old_at, name), new[key], (*new_at, name), (*at, name))
            else:
                merged[key] = self._copied(self._base, value, (*old_at, name), (*at, name))
        for key, value in new.items():
            if key not in old and value is not None:
                merged[key] = self._copied(self._variant, value, (*new_at, str(key)), (*at, str(key)))
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
                merged.append(self._copied(self._base, entry, (*old_at, position), here))
            else:
                merged.append(self.both(entry, (*old_at, position), new[change], (*new_at, change), here))
        for position in changed.values():
            merged.append(self._copied(self._variant, new[position], (*new_at, position), (*at, len(merged))))
        return merged

    def _copied(self, document: Document, value: Any, source: Location, at: Location) -> Any:
        """Return `value` unchanged, and record its origin."""
        self._origins[at] = _origin(document, source)
        if isinstance(value, Mapping):
            for key, part in value.items():
                self._copied(document, part, (*source, str(key)), (*at, str(key)))
        elif isinstance(value, list):
            for position, part in enumerate(value):
                self._copied(document, part, (*source, position), (*at, position))
        return value

    def _record_base(self, old_at: Location, at: Location) -> None:
        self._origins[at] = _origin(self._base, old_at)


def _origin(document: Document, location: Location) -> tuple[str, int]:
    found = document.problem(location, "", "")
    return found.file, found.line


def _key(old: list[Any], new: list[Any]) -> str | None:
    """Return the key that identifies the entries of both lists; None for lists of plain values, which are replaced
    whole.
    """
    entries = (*old, *new)
    return next(
        (key for key in _KEYS if entries and all(isinstance(e, Mapping) and _is_name(e.get(key)) for e in entries)),
        None,
    )


def _is_name(value: Any) -> bool:
    return isinstance(value, str)


def _outdated_keys(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> set[str]:
    """Return the keys that a new length removes from a limit: its source, and the other notation of the length."""
    length_keys = _LENGTH & new.keys()
    if not length_keys or not _LENGTH & old.keys():
        return set()
    removed = set() if "source" in new else {"source"}
    return removed | ({"amount", "unit"} if "hours" in length_keys else {"hours"})
