"""The register of enterprises from a table, CSV or Excel: a row is an enterprise. Headers in Chinese or in English."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from models.matters.enterprise import RegisterEnterprise
from services.files.bilingual import Headers, read_bilingual
from services.files.cells import BEYOND_HEADER, BadCell, FaultyCell, cell_identifier, cell_of, cell_text, header_key
from services.files.tables import Row
from services.wording.input_faults import fault_text
from services.wording.matters.enterprise import SIZES, WORK_RULES
from services.wording.matters.words import Labels

#: The header of each column in English and in Chinese. The first three are needed.
COLUMNS: Headers = MappingProxyType(
    {
        "code": ("credit_code", "统一社会信用代码"), "name": ("name", "企业名称"), "grid": ("grid", "网格"),
        "size": ("size", "规模"), "industry": ("industry", "行业"), "headcount": ("headcount", "用工人数"),
        "shifts": ("shifts", "班次"), "calendar": ("calendar", "日历"), "work_rule": ("work_rule", "开工日"),
        "workshops": ("workshops", "车间"), "department": ("department", "主管部门"), "lat": ("lat", "纬度"),
        "lon": ("lon", "经度"), "datum": ("datum", "坐标系"), "officer": ("safety_officer", "安全负责人"),
        "phone": ("safety_phone", "安全负责人电话"), "volunteer": ("volunteer", "志愿者"),
        "cadre": ("cadre", "包联干部"),
    }
)  # fmt: skip
NEEDED = ("code", "name", "grid")
_CODES = frozenset({"code", "grid", "calendar", "department", "volunteer", "cadre", "phone"})


@dataclass(frozen=True)
class RegisterRow:
    """A row: its line, what it says of which enterprise, and the command, or (`fault`) why it is none."""

    line: int
    code: str
    name: str
    command: RegisterEnterprise | None = None
    fault: tuple[str, str] | None = None


@dataclass(frozen=True)
class RegisterTable:
    """The rows of a file, and how it was recognised (Chinese and English)."""

    rows: tuple[RegisterRow, ...]
    recognised: tuple[str, str]


def read_register(path: Path) -> RegisterTable:
    """Return the rows of a register. Raises UnreadableFile for a file that is no such table at all.

    Two rows with one code: the second is refused, with the line of the first.
    """
    table, language = read_bilingual(path, COLUMNS, NEEDED)
    first: dict[str, int] = {}
    rows: list[RegisterRow] = []
    for row in table.rows:
        read = _read_row(row, language)
        if read.command is not None and (line := first.setdefault(read.code, read.line)) != read.line:
            fault = (f"与第 {line} 行的信用代码相同", f"the credit code is that of line {line}")
            read = RegisterRow(read.line, read.code, read.name, fault=fault)
        rows.append(read)
    return RegisterTable(tuple(rows), (table.recognised.zh, table.recognised.en))


def _read_row(row: Row, language: int) -> RegisterRow:
    line, record = row
    try:
        if isinstance(beyond := record.get(BEYOND_HEADER), FaultyCell):
            raise BadCell(beyond.zh, beyond.en)
        cells = {name: _cell(record, name, language) for name in COLUMNS}
    except BadCell as error:
        return RegisterRow(line, "", "", fault=(error.zh, error.en))
    code, name = cells["code"], cells["name"]
    try:
        command = RegisterEnterprise.model_validate(_body(cells))
    except BadCell as error:
        return RegisterRow(line, code, name, fault=(error.zh, error.en))
    except ValidationError as error:
        return RegisterRow(line, code, name, fault=_fault(error))
    assert command.code is not None
    return RegisterRow(line, command.code, command.name, command)


def _cell(record: Mapping[str, Any], name: str, language: int) -> str:
    header = COLUMNS[name][language]
    try:
        value = cell_of(record, header)
        return cell_identifier(value) if name in _CODES else cell_text(value).strip()
    except BadCell as error:
        raise BadCell(f"{header}: {error.zh}", f"{header}: {error.en}") from error


def _body(cells: Mapping[str, str]) -> dict[str, Any]:
    """The command that the cells say; empty ones are left out."""
    plain = ("code", "name", "grid", "industry", "headcount", "calendar", "department", "volunteer", "cadre")
    body: dict[str, Any] = {"kind": "register", **{name: cells[name] for name in plain if cells[name]}}
    body |= {name: body.get(name, "") for name in NEEDED}
    if cells["size"]:
        body["size"] = _choice(cells["size"], SIZES)
    if cells["work_rule"]:
        body["work_rule"] = _choice(cells["work_rule"], WORK_RULES)
    if cells["shifts"]:
        body["shifts"] = [_shift(part) for part in _parts(cells["shifts"])]
    if cells["workshops"]:
        body["workshops"] = [_workshop(part) for part in _parts(cells["workshops"])]
    if cells["lat"] or cells["lon"]:
        body["location"] = {"lat": cells["lat"], "lon": cells["lon"], "datum": cells["datum"].lower() or "wgs84"}
    if cells["officer"]:
        body["safety_officer"] = {"name": cells["officer"], **({"phone": cells["phone"]} if cells["phone"] else {})}
    elif cells["phone"]:
        raise BadCell("有安全负责人电话,没有姓名", "a phone number of a safety officer without a name")
    return body


def _choice(written: str, labels: Labels) -> str:
    """Return the code of a choice that is written as its code or its label; what is neither is left to be refused."""
    key = header_key(written)
    return next((code for code, words in labels.items() if key in (code, *map(header_key, words))), written)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.replace("；", ";").replace("\n", ";").split(";") if part.strip()]


def _shift(text: str) -> dict[str, str]:
    """A shift as tables write it: 早班 08:00-20:00."""
    name, _, span = text.rpartition(" ")
    start, dash, end = span.replace("：", ":").replace("~", "-").replace("—", "-").partition("-")
    if not (name.strip() and dash):
        raise BadCell(f"班次“{text}”应写作 早班 08:00-20:00", f"shift “{text}” should be like: day 08:00-20:00")
    return {"name": name.strip(), "start": start.strip(), "end": end.strip()}


def _workshop(text: str) -> dict[str, str]:
    """A workshop as tables write it: W1 染色车间."""
    number, _, name = text.partition(" ")
    if not name.strip():
        raise BadCell(f"车间“{text}”应写作 W1 染色车间", f"workshop “{text}” should be like: W1 dye house")
    return {"number": number, "name": name.strip()}


def _fault(error: ValidationError) -> tuple[str, str]:
    """What is wrong with a row, in both languages, with the header of the column."""
    first = error.errors(include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    zh, en = fault_text(first, "zh"), fault_text(first, "en")
    column = COLUMNS.get({"safety_officer": "officer", "location": "lat"}.get(field, field))
    return (zh, en) if column is None or field == "code" else (f"{column[1]}: {zh}", f"{column[0]}: {en}")
