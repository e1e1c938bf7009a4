"""Load files that administrators upload: the registry of grids, departments and people. All of a file is stored, or
none.
"""

from asyncio import to_thread
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import Acting
from models.context import Person
from models.errors import InputError
from rules.organisation.grid_tree import Checked
from rules.organisation.tiling import Box
from services.admin.rights import check_admin
from services.files.encodings import NotText, decode
from services.organisation.grid_registry import LoadSummary, load_file, read_checked, read_levels
from services.organisation.people_files import PeopleSummary, load_people

#: The largest file, in bytes (our choice): a city's registry has some megabytes.
MAX_BYTES = 20_000_000


def parse_box(text: str) -> Box | None:
    """Return the box `WEST,SOUTH,EAST,NORTH` in degrees; None for an empty text. Raises InputError."""
    if not text.strip():
        return None
    try:
        west, south, east, north = (float(part) for part in text.replace("\uff0c", ",").split(","))
        return Box.degrees(west, south, east, north)
    except ValueError as error:
        zh, en = "范围应为四个经纬度:西,南,东,北", "four degrees are expected: west,south,east,north"
        raise InputError(why_zh=zh, why_en=en, pointer="/box") from error


async def check_grids(engine: AsyncEngine, person: Person, content: bytes, name: str, now: datetime) -> Checked:
    """Check a registry and store nothing. Raises NotYours, InputError, and BadFile with every problem."""
    await check_admin(engine, person, now, "grids check")
    async with engine.connect() as connection:
        levels = await read_levels(connection)
    with TemporaryDirectory() as directory:
        path = _write_files(Path(directory), {name: content})[0]
        return await to_thread(read_checked, path, levels)


async def load_grids(
    engine: AsyncEngine, person: Person, content: bytes, name: str, now: datetime, *,
    make_lower: bool = False, box: Box | None = None,
) -> LoadSummary:  # fmt: skip
    """Load a registry. Raises NotYours, InputError, and BadFile with every problem; then nothing is stored."""
    await check_admin(engine, person, now, "grids load")
    with TemporaryDirectory() as directory:
        path = _write_files(Path(directory), {name: content})[0]
        try:
            return await load_file(engine, path, make_lower, None, box, acting=Acting("grids load", person.id))
        except ValueError as error:
            raise InputError(why_zh=str(error), why_en=str(error), pointer="/box") from error


async def load_people_files(
    engine: AsyncEngine,
    person: Person,
    departments: bytes,
    people: bytes,
    now: datetime,
    *,
    suffixes: tuple[str, str] = (".yaml", ".yaml"),
) -> PeopleSummary:
    """Load departments and people, each YAML or a table by its suffix.

    Raises NotYours, InputError, and BadFile with every problem.
    """
    await check_admin(engine, person, now, "people load")
    with TemporaryDirectory() as directory:
        files = {f"departments{suffixes[0]}": departments, f"people{suffixes[1]}": people}
        first, second = _write_files(Path(directory), files)
        return await load_people(engine, first, second, Acting("people load", person.id))


def quotable(content: bytes) -> str:
    """Return the text of a file whose lines are to be quoted beside its faults; empty for a workbook."""
    try:
        return decode(content).text
    except NotText:
        return "" if content.startswith((b"PK", b"\xd0\xcf")) else content.decode("utf-8", "replace")


def _write_files(place: Path, files: Mapping[str, bytes]) -> list[Path]:
    paths = []
    for name, content in files.items():
        if len(content) > MAX_BYTES:
            most = MAX_BYTES // 1_000_000
            raise InputError(why_zh=f"文件超过 {most} MB", why_en=f"a file is over {most} MB", pointer="/file")
        path = place / (Path(name).name or "file")
        path.write_bytes(content)
        paths.append(path)
    return paths
