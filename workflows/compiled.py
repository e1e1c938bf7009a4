"""Workflow files, read and compiled once a process.

The sandbox imports a workflow's file anew for each of its instances. Where Python may write no bytecode
(`PYTHONDONTWRITEBYTECODE`, a folder that is read-only) that meant compiling it for each case, and where it may, reading
it again. It also means that new files under a running worker are not taken up in the middle of its life.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

PACKAGE = __name__.partition(".")[0]


class _Loader(SourceFileLoader):
    """Loads one module, as often as asked, from the code that it compiled the first time."""

    _code: CodeType | None = None

    def get_code(self, fullname: str) -> CodeType | None:
        if self._code is None:
            self._code = super().get_code(fullname)
        return self._code


class CompiledOnce(MetaPathFinder):
    """Finds the modules of this package, each with one loader for the whole process."""

    def __init__(self) -> None:
        self._loaders: dict[str, _Loader] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != PACKAGE:
            return None
        loader = self._loaders.get(fullname)
        if loader is None:
            found = PathFinder.find_spec(fullname, path, target)
            if found is None or not isinstance(found.loader, SourceFileLoader):
                return found
            loader = self._loaders.setdefault(fullname, _Loader(fullname, found.loader.path))
        return spec_from_file_location(fullname, loader.path, loader=loader)


def compile_once() -> None:
    """From now on, each file of this package is compiled once in this process; said again, nothing changes."""
    if not any(isinstance(finder, CompiledOnce) for finder in sys.meta_path):
        sys.meta_path.insert(0, CompiledOnce())
