"""People and departments from a table, CSV or Excel, as the document that a YAML file of them would be.

A row is a person with one role; a person with several roles has several rows. Headers are in Chinese or in English.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from models.enums import Role
from models.labels import ROLES
from services.files.bilingual import Headers, read_bilingual
from services.files.cells import BEYOND_HEADER, BadCell, FaultyCell, cell_identifier, cell_of, cell_text, header_key
from services.files.excel import SUFFIXES as EXCEL_SUFFIXES
from services.files.moments import NoMoment, read_day
from services.files.reference_files import BadFile, Document, FileProblem, Location, read_yaml
from services.files.tables import TEXT_SUFFIXES, Row, Table, UnreadableFile

#: The headers of each field in English and in Chinese. The first two are needed.
PEOPLE = MappingProxyType(
    {
        "username": ("username", "用户名"), "name": ("name", "姓名"), "role": ("role", "角色"),
        "grid": ("grid", "网格"), "department": ("department", "部门"), "since": ("since", "自"),
        "until": ("until", "至"), "password": ("password", "初始密码"), "active": ("active", "在岗"),
    }
)  # fmt: skip
DEPARTMENTS = MappingProxyType(
    {
        "id": ("id", "编码"), "name_zh": ("name_zh", "中文名称"), "name_en": ("name_en", "英文名称"),
        "active": ("active", "在用"),
    }
)  # fmt: skip
_YES, _NO = ("", "1", "是", "true", "yes", "y"), ("0", "否", "false", "no", "n")
#: PeopleFile asks for it, and every role of a table has a day of its own.
_UNUSED_SINCE = "2000-01-01"


def is_table(path: Path) -> bool:
    """Return whether a file is read as a table, by its name."""
    return path.suffix.lower() in (*TEXT_SUFFIXES, *EXCEL_SUFFIXES)


def read_people_document(path: Path) -> Document:
    """Return the people of a YAML file or a table, with lines. Raises BadFile, FileNotFoundError."""
    if not is_table(path):
        return read_yaml(path)
    reader = _Reader(path, PEOPLE, _read(path, PEOPLE, needed=("username", "name")))
    people: dict[str, dict[str, Any]] = {}
    lines: dict[Location, int] = {}
    positions: dict[str, int] = {}
    for row in reader.table.rows:
        found = reader.fields(row)
        username = found["username"]
        person = people.setdefault(
            username, {"username": username, "name": found["name"], "active": found["active"], "grants": []}
        )
        place: Location = ("people", positions.setdefault(username, len(positions)))
        lines.setdefault(place, row[0])
        if person["name"] != found["name"] or person["active"] != found["active"]:
            first = lines[place]
            reader.fault(row, f"“{username}”与第 {first} 行不同", f"“{username}” differs from line {first}")
        if found["password"]:
            person["password"] = found["password"]
        if (grant := reader.grant(row, found)) is not None:
            lines[*place, "grants", len(person["grants"])] = row[0]
            person["grants"].append(grant)
    reader.raise_problems()
    return Document(str(path), {"since": _UNUSED_SINCE, "people": list(people.values())}, lines)


def read_departments_document(path: Path) -> Document:
    """Return the departments of a YAML file or a table, with lines. Raises BadFile, FileNotFoundError."""
    if not is_table(path):
        return read_yaml(path)
    reader = _Reader(path, DEPARTMENTS, _read(path, DEPARTMENTS, needed=("id", "name_zh", "name_en")))
    lines: dict[Location, int] = {}
    departments: list[dict[str, Any]] = []
    for row in reader.table.rows:
        lines["departments", len(departments)] = row[0]
        departments.append(reader.fields(row))
    reader.raise_problems()
    return Document(str(path), {"departments": departments}, lines)


def _read(path: Path, headers: Headers, needed: tuple[str, ...]) -> Table:
    """Return the table with the needed columns, in English or in Chinese; other columns are refused."""
    try:
        return read_bilingual(path, headers, needed)[0]
    except UnreadableFile as refused:
        problem = FileProblem(str(path), refused.line or 1, refused.reason_zh, refused.reason_en)
        raise BadFile([problem]) from refused


@dataclass
class _Reader:
    """Reads the cells of a table, and gathers what is wrong with them."""

    path: Path
    headers: Headers
    table: Table

    def __post_init__(self) -> None:
        self.problems: list[FileProblem] = []
        keys = {header_key(header) for header in self.table.headers}
        self.language = 0 if header_key(next(iter(self.headers.values()))[0]) in keys else 1

    def fields(self, row: Row) -> dict[str, Any]:
        """Return the fields of a row as texts; `active` as a truth."""
        if isinstance(beyond := row[1].get(BEYOND_HEADER), FaultyCell):
            self.fault(row, beyond.zh, beyond.en)
        found: dict[str, Any] = {name: self._cell(row, name) for name in self.headers}
        active = str(found["active"]).casefold()
        if active not in (*_YES, *_NO):
            self.fault(row, f"“{found['active']}”应为 是 或 否", f"“{found['active']}” should be yes or no")
        found["active"] = active in _YES
        return found

    def grant(self, row: Row, found: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the role of a row, None without one."""
        if not found["role"]:
            return None
        grant = {"role": _role(found["role"])}
        grant |= {name: found[name] for name in ("grid", "department") if found[name]}
        for name in ("since", "until"):
            if found[name] and (day := self._day(row, name, found[name])) is not None:
                grant[name] = day
        if not found["since"]:
            header = self.headers["since"][self.language]
            self.fault(row, f"{header}: 角色须有起始日期", f"{header}: a role needs its first day")
        return grant

    def fault(self, row: Row, zh: str, en: str) -> None:
        """Note that a row is wrong."""
        self.problems.append(FileProblem(str(self.path), row[0], zh, en))

    def raise_problems(self) -> None:
        """Raise BadFile if anything was wrong."""
        if self.problems:
            raise BadFile(self.problems)

    def _cell(self, row: Row, name: str) -> str:
        header = self.headers[name][self.language]
        try:
            value = cell_of(row[1], header)
            is_code = name in ("username", "id", "grid", "department")
            return cell_identifier(value) if is_code else cell_text(value).strip()
        except BadCell as error:
            self.fault(row, f"{header}: {error.zh}", f"{header}: {error.en}")
            return ""

    def _day(self, row: Row, name: str, value: str) -> str | None:
        header = self.headers[name][self.language]
        try:
            return read_day(value).isoformat()
        except NoMoment:
            self.fault(row, f"{header}: “{value}”不是日期", f"{header}: “{value}” is no day")
            return None


def _role(written: str) -> str:
    """Return the code of a role that is written as its code or its label; what is neither is left to be refused."""
    return next(_codes(header_key(written)), written)


def _codes(key: str) -> Iterator[str]:
    for role in Role:
        labels = ROLES.get(role.value, ())
        if key in (role.value, *map(header_key, labels)):
            yield role.value
