"""Tables fit terminals of any width, and break no date, number or code."""

import re

import pytest
from rich.console import Console
from rich.text import Text

from cli.tables import Column, DataTable, wrap
from tests.servers import ROOT

NUMBER, DATE = "130172100202611290000900", "2026-11-30 18:00"
ROWS = [
    (NUMBER, "出租屋住八人未登记,此前2026-11-28 09:15已派遣", "[green]绿 ■[/]", DATE, "生态环境分局"),
    ("13017210020261129000001", "A long English title about 12 broken lamps", "red ●", DATE, "Ecology and environment"),
]


def draw(width: int, *, boxed: bool = False) -> str:
    table = DataTable([Column(heading) for heading in ("案件", "标题", "灯", "到期", "责任")], boxed=boxed, gap=1)
    for row in ROWS:
        table.add_row(*row)
    console = Console(width=width, force_terminal=False, no_color=True)
    with console.capture() as shown:
        console.print(table)
    return shown.get()


@pytest.mark.parametrize("boxed", [False, True])
@pytest.mark.parametrize("width", [44, 60, 72, 80, 81, 96, 120, 200])
def test_what_is_one_stays_on_one_line(width: int, boxed: bool) -> None:
    shown = draw(width, boxed=boxed)
    assert max(Text(line).cell_len for line in shown.splitlines()) <= width
    lines = shown.splitlines()
    for whole in (NUMBER, "13017210020261129000001", "2026-11-28 09:15"):
        assert sum(whole in line for line in lines) == 1
    assert sum(DATE in line for line in lines) == 2
    words = re.sub(r"[\s│┃┏┓┗┛━─┡┩╇┳└┘┴]", "", shown)
    for part in ("Ecology", "environment", "lamps", "绿■"):
        assert part in words


def test_eighty_columns_hold_a_list_of_cases_and_fewer_stack_it() -> None:
    assert draw(80).splitlines()[0].split() == ["案件", "标题", "灯", "到期", "责任"]
    assert draw(44).splitlines()[0].split() == ["案件", NUMBER]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("派遣于2026-11-28 09:15的案件", 20, ["派遣于", "2026-11-28 09:15的案", "件"]),
        ("one two three", 8, ["one two", "three"]),
        ("一二三四五", 4, ["一二", "三四", "五"]),
        ("a\nb", 10, ["a", "b"]),
        ("short", 10, ["short"]),
    ],
)
def test_words_are_wrapped_between_what_is_whole(text: str, width: int, lines: list[str]) -> None:
    assert wrap(Text(text), width).plain.split("\n") == lines


def test_every_table_of_the_command_line_is_one_of_these() -> None:
    strays = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "cli").rglob("*.py")
        if path.name != "tables.py" and re.search(r"from rich\.table|import rich", path.read_text("utf-8"))
    ]
    assert strays == []
