"""The pages' scripts have no circular imports."""

import re
from pathlib import Path

from web.build import WEB

IMPORT = re.compile(r'^(?:import|export)\s[^;]*?from\s+"(\.[^"]+)";', re.MULTILINE)


def imports_of(file: Path) -> list[Path]:
    """Our files that `file` imports when it is loaded; `import()` of later screens does not count."""
    named = [(file.parent / name).resolve() for name in IMPORT.findall(file.read_text("utf-8"))]
    return [
        path for base in named for path in (base.with_name(base.name + end) for end in (".ts", ".tsx")) if path.exists()
    ]


def find_circle(graph: dict[Path, list[Path]]) -> list[Path]:
    """The files on a circle of imports; empty if there is none."""
    left = dict(graph)
    while free := [file for file, imported in left.items() if not any(other in left for other in imported)]:
        for file in free:
            del left[file]
    return sorted(left)


def test_no_script_imports_itself_by_way_of_others() -> None:
    files = [file.resolve() for file in (WEB / "ui").rglob("*.ts*") if "node_modules" not in file.parts]
    graph = {file: imports_of(file) for file in files}
    assert sum(map(len, graph.values())) > 100
    assert find_circle(graph) == []


def test_a_circle_is_found() -> None:
    first, second, third = Path("a"), Path("b"), Path("c")
    assert find_circle({first: [second], second: [first], third: [first]}) == [first, second, third]
