"""Read reference files (YAML and CSV) so that every problem names its file and line."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from services.wording.input_faults import GENERAL_FAULT, fault_text

Location = tuple[int | str, ...]
M = TypeVar("M", bound=BaseModel)
#: The deepest nesting and the most parts of a file (our choice), far above real ones: a town's people are some ten
#: thousand parts, ten deep.
_MAX_DEPTH = 50
_MAX_PARTS = 500_000


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A problem in a file, with its line (from 1)."""

    file: str
    line: int
    zh: str
    en: str

    def text(self, language: str) -> str:
        """Return one line for people: `file:line: reason`."""
        return f"{self.file}:{self.line}: {self.en if language.startswith('en') else self.zh}"


class OutOfOrder(ValueError):
    """A file that needs another one to be loaded first. `zh`, `en`: which, and by what command."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class BadFile(Exception):
    """A reference file has problems. Nothing of it was stored."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.text("en") for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document as plain data, with the line where each part of it begins."""

    file: str
    data: Any
    lines: dict[Location, int]

    def line_of(self, location: Location) -> int:
        """Return the line of `location`, or of the nearest part around it that exists."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def problem(self, location: Location, zh: str, en: str) -> FileProblem:
        """Return a problem at `location`, which is a path of keys and positions from the root."""
        where = ".".join(str(part) for part in location)
        prefix = f"{where}: " if where else ""
        return FileProblem(self.file, self.line_of(location), prefix + zh, prefix + en)


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark.

    Raises BadFile naming the first line that is not UTF-8, and FileNotFoundError.
    """
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadFile([FileProblem(str(path), line, "不是 UTF-8 编码", "this is not UTF-8")]) from error


class _PlainData:
    """Builds plain data only; reports a value that is impossible, like 30 February, with its place."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        """Return the value of `node`. Raises ConstructorError."""
        try:
            return super().construct_object(node, deep=deep)  # type: ignore[misc]
        except ValueError as error:
            raise ConstructorError(problem=str(error), problem_mark=node.start_mark) from error


class _Loader(_PlainData, yaml.SafeLoader):
    """The loader with the better error messages."""


class _QuickLoader(_PlainData, yaml.CSafeLoader):
    """The loader that is seven times as fast, with terser error messages."""


def _read(loader: "_Loader | _QuickLoader") -> tuple[Node | None, Any]:
    root = loader.get_single_node()
    return root, None if root is None else loader.construct_document(root)


def read_yaml(path: Path) -> Document:
    """Read a YAML file as data with lines.

    Raises BadFile for broken YAML, for a duplicate key, and for a file too deep or too large to read.
    """
    content = read_text(path)
    _check_depth(path, content)
    try:
        try:
            root, data = _read(_QuickLoader(content))
        except yaml.YAMLError:
            root, data = _read(_Loader(content))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _broken(path, line, error.problem or "") from error
    except ReaderError as error:
        line = content[: error.position].count("\n") + 1
        raise _broken(path, line, str(error.reason)) from error
    lines: dict[Location, int] = {}
    duplicates: list[FileProblem] = []
    if root is not None and not _walk(
        root, (), lines, lambda line, key: duplicates.append(_duplicate_key(path, line, key))
    ):
        raise BadFile([FileProblem(str(path), 1, f"超过 {_MAX_PARTS} 项", f"more than {_MAX_PARTS} parts")])
    if duplicates:
        raise BadFile(duplicates)
    return Document(str(path), data, lines)


def _broken(path: Path, line: int, reason: str) -> BadFile:
    return BadFile([FileProblem(str(path), line, f"YAML 有误:{reason}", f"broken YAML: {reason}")])


def _duplicate_key(path: Path, line: int, key: str) -> FileProblem:
    return FileProblem(str(path), line, f"“{key}”写了两次", f"“{key}” is given twice")


def _check_depth(path: Path, content: str) -> None:
    """Refuse a part that contains itself or is nested too deeply, before anything is built.

    The reader recurses, so deep nesting would end the process. Broken YAML is left to the reader to report.
    """
    open_parts: list[str | None] = []
    try:
        for event in yaml.parse(content, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                open_parts.append(event.anchor)
            elif isinstance(event, yaml.CollectionEndEvent):
                open_parts.pop()
            contains_itself = isinstance(event, yaml.AliasEvent) and event.anchor in open_parts
            if contains_itself or len(open_parts) > _MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark else 1
                messages = ("包含自身", "a part holds itself") if contains_itself else ("嵌套过深", "nested too deeply")
                raise BadFile([FileProblem(str(path), line, *messages)])
    except yaml.YAMLError:
        return


def _walk(node: Node, location: Location, lines: dict[Location, int], on_duplicate: Callable[[int, str], None]) -> bool:
    """Record the line of every part; False when there are too many, as by references to references."""
    lines.setdefault(location, node.start_mark.line + 1)
    if len(lines) > _MAX_PARTS:
        return False
    if isinstance(node, SequenceNode):
        for position, child in enumerate(node.value):
            if not _walk(child, (*location, position), lines, on_duplicate):
                return False
    elif isinstance(node, MappingNode):
        for key, child in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else ""
            if (*location, name) in lines:
                on_duplicate(key.start_mark.line + 1, name)
                continue
            lines[(*location, name)] = key.start_mark.line + 1
            if not _walk(child, (*location, name), lines, on_duplicate):
                return False
    return True


def parse(document: Document, model: type[M]) -> M:
    """Return the document as `model`. Raises BadFile with every part that does not fit."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise BadFile(problems_of(document, error.errors(include_url=False))) from error


#: Messages that differ from those for other input.
_ZH = MappingProxyType(
    {"missing": "缺少该项", "extra_forbidden": "不认识的项", "string_type": "应为文本(数字编码请加引号)"}
)


def problems_of(document: Document, errors: Iterable[ErrorDetails]) -> list[FileProblem]:
    """Return a validator's errors, each at its line."""
    found = []
    for error in errors:
        en = error["msg"]
        if error["type"] == "string_type":
            en += " (put quotes around a code made of digits)"
        zh = _ZH.get(error["type"]) or fault_text(error, "zh")
        # The details are available in English only.
        found.append(document.problem(error["loc"], f"{zh}({en})" if zh == GENERAL_FAULT else zh, en))
    return found
