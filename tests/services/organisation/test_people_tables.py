"""People and departments in a table are read as in YAML, and every fault names its row."""

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from models.enums import Role
from services.files.reference_files import BadFile
from services.organisation.people_files import GrantEntry, load_people, read_departments, read_people
from tests.builders import GRID, small_park

DEPARTMENTS = "编码,中文名称,英文名称,在用\nfire,消防大队,Fire brigade,是\nwater,水务,Water,否\n"
HEADER = "用户名,姓名,角色,网格,部门,自,至,初始密码,在岗\n"
PEOPLE = HEADER + (
    f"zhang,张三,网格员,{GRID},,2026/3/1,,longenough,\n"
    "zhang,张三,handler,,fire,2026年3月1日,2026-12-31,,\n"
    "li,李四,,,,,,,否\n"
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode("gbk") if isinstance(content, str) else content)
    return path


def as_excel(content: str) -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["2026 年人员名册"])
    for line in content.splitlines():
        book.worksheets[0].append([cell or None for cell in line.split(",")])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_table_is_read_like_a_file_of_people(tmp_path: Path) -> None:
    departments = read_departments(write(tmp_path, "d.csv", DEPARTMENTS)).departments
    assert [(one.id, one.name_en, one.active) for one in departments] == [
        ("fire", "Fire brigade", True), ("water", "Water", False),
    ]  # fmt: skip
    for path in (write(tmp_path, "p.csv", PEOPLE), write(tmp_path, "p.xlsx", as_excel(PEOPLE))):
        zhang, li = read_people(path, {"fire"}, {GRID}).people
        assert (zhang.username, zhang.name, zhang.active) == ("zhang", "张三", True)
        assert zhang.password is not None
        assert zhang.password.get_secret_value() == "longenough"
        assert zhang.grants == (
            GrantEntry(role=Role.GRID_WORKER, grid=GRID, since=date(2026, 3, 1)),
            GrantEntry(role=Role.HANDLER, department="fire", since=date(2026, 3, 1), until=date(2026, 12, 31)),
        )
        assert (li.grants, li.active) == ((), False)
    english = "username,name,role,since\nwang,Wang,grid worker,2026-03-01\nsun,Sun,auditor,2026-03-01\n"
    with pytest.raises(BadFile, match=r"p\.csv:2: .*takes a grid"):
        read_people(write(tmp_path, "p.csv", english), (), ())


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("zhang,张三,网格员,,,2026/3/1,,,\n", r":2: .*takes a grid"),
        (f"zhang,张三,网格员,{GRID},,,,,\n", r":2: 自: a role needs its first day"),
        ("zhang,张三,总管,,,2026/3/1,,,\n", r":2: .*grants\.0\.role"),
        ("zhang,张三,auditor,,,三月,,,\n", r":2: 自: “三月” is no day"),
        ("a,甲,,,,,,,\na,乙,,,,,,,\n", r":3: “a” differs from line 2"),
        ("a,甲,,,,,,,maybe\n", r":2: “maybe” should be yes or no"),
        ("a,甲,,,,,,short,\n", r":2: .*password"),
        ("a b,甲,,,,,,,\n", r":2: .*username"),
        ("a,甲,,,,\n", r":2: 9 columns expected, 6 found"),
        ("zhang,张三,网格员,1.30172E+17,,2026/3/1,,,\n", r":2: 网格: .*Excel"),
    ],
)
def test_a_fault_names_its_row(tmp_path: Path, rows: str, told: str) -> None:
    with pytest.raises(BadFile, match=told):
        read_people(write(tmp_path, "p.csv", HEADER + rows), {"fire"}, {GRID})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("用户名,角色\na,b\n", "columns missing: 姓名; the file has: 用户名, 角色"),
        ("username,role\na,b\n", "columns missing: name; the file has: username, role"),
        ("用户名,姓名,电话\na,b,1\n", "columns unknown or given twice: 电话"),
        ("", "the file is empty"),
    ],
)
def test_a_table_without_its_columns_is_refused_once(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(BadFile) as refused:
        read_people(write(tmp_path, "p.csv", content), (), ())
    (problem,) = refused.value.problems
    assert told in problem.en


async def test_tables_are_loaded_and_loading_again_changes_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    await small_park(engine)
    files = write(tmp_path, "d.xlsx", as_excel(DEPARTMENTS)), write(tmp_path, "p.xlsx", as_excel(PEOPLE))
    first = await load_people(engine, *files)
    assert (first.people.inserted, first.grants.inserted) == (2, 2)
    again = await load_people(engine, *files)
    assert (again.people.unchanged, again.grants.unchanged, again.grants.removed) == (2, 2, 0)
