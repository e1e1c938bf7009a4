"""Registries in the database: all or nothing, repeating changes nothing, a whole city in seconds."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.enums import Level
from rules.organisation.grid_tree import GridUnit
from rules.organisation.lower_levels import make_lower_levels
from rules.organisation.tiling import DEMO_BOX, tile
from services.files.reference_files import BadFile
from services.files.shipped import DIVISIONS
from services.organisation.grid_registry import LoadSummary, load_file, load_units, read_checked, read_units

HEADER = "code,name,level,parent_code\n"


async def count(engine: AsyncEngine) -> int:
    """Return how many units are stored."""
    async with engine.connect() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM grid_units")) or 0)


def write(path: Path, content: str | bytes) -> Path:
    """Write a registry file."""
    file = path / "units.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


async def test_the_same_file_again_changes_nothing(engine: AsyncEngine) -> None:
    first = await load_file(engine, DIVISIONS, make_lower=True, micro_grids=300, box=DEMO_BOX)
    again = await load_file(engine, DIVISIONS, make_lower=True, micro_grids=300, box=DEMO_BOX)
    assert first == LoadSummary(inserted=await count(engine), updated=0, unchanged=0)
    assert again == LoadSummary(inserted=0, updated=0, unchanged=first.inserted)


async def test_what_changed_is_updated_and_what_is_missing_stays(engine: AsyncEngine) -> None:
    units = tile(make_lower_levels(read_checked(DIVISIONS).units), DEMO_BOX)
    renamed = replace(units[3], name="新名")
    plain = replace(units[5], geometry=None)
    async with transaction(engine) as connection:
        await load_units(connection, units)
        summary = await load_units(connection, [units[0], renamed, plain])
        row = (
            await connection.execute(
                text("SELECT name, path::text, west FROM grid_units WHERE code = :code"), {"code": renamed.code}
            )
        ).one()
        shape = await connection.scalar(
            text("SELECT geometry FROM grid_units WHERE code = :code"), {"code": plain.code}
        )
    assert summary == LoadSummary(inserted=0, updated=1, unchanged=2)
    assert (row.name, row.path) == ("新名", f"{renamed.parent}.{renamed.code}")
    assert row.west is not None
    assert shape == units[5].geometry, "a registry without shapes does not wipe the map"
    assert await count(engine) == len(units)


async def test_the_bounds_are_those_of_the_shape(engine: AsyncEngine) -> None:
    park = tile([GridUnit("130172100", "丘头镇", Level.PARK)], DEMO_BOX)
    async with transaction(engine) as connection:
        await load_units(connection, park)
        found = (await connection.execute(text("SELECT west, south, east, north FROM grid_units"))).one()
    assert tuple(found) == (114.665, 37.945, 114.755, 38.015)


async def test_with_any_problem_nothing_is_stored(engine: AsyncEngine, tmp_path: Path) -> None:
    file = write(tmp_path, HEADER + "130172100,丘头镇,street,\n130172100001,,community,130172199\n")
    with pytest.raises(BadFile) as caught:
        await load_file(engine, file)
    assert [problem.line for problem in caught.value.problems] == [3, 3, 3]
    assert await count(engine) == 0


async def test_a_unit_without_its_parent_rolls_everything_back(engine: AsyncEngine) -> None:
    units = read_checked(DIVISIONS).units
    with pytest.raises(IntegrityError):
        async with transaction(engine) as connection:
            await load_units(connection, units[1:])
    assert await count(engine) == 0


async def test_a_file_may_extend_units_stored_already(engine: AsyncEngine, tmp_path: Path) -> None:
    await load_file(engine, DIVISIONS)
    file = write(tmp_path, HEADER + "130172100001001,第一网格,grid,130172100001\n")
    assert (await load_file(engine, file)).inserted == 1


def test_a_byte_order_mark_and_optional_columns_are_read(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "\ufeffname,code,level,parent_code,type,households,enterprise\n"
        '"甲,乙",130172100001001001,micro_grid,130172100001001,territorial,12,\n\n',
    )
    (line,) = read_units(file)
    assert (line.line, line.name, line.households, line.enterprise) == (2, "甲,乙", 12, "")


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (HEADER + "1,甲,park\n", 2, "4 columns expected, 3 found"),
        (HEADER + "1,甲,park,,\n", 2, "4 columns expected, 5 found"),
        (HEADER + '1,甲,park,\n2,"乙"x,park,\n', 3, "broken CSV"),
        (HEADER + '1,甲,park,\n2,"乙,park,\n', 3, "broken CSV"),
        (HEADER.strip() + ",households\n1,甲,park,,十二\n", 2, "is not a whole number"),
        ("code,name,level\n", 1, "columns missing: parent_code; the file has: code, name, level"),
        ("", 1, "the file is empty"),
        (HEADER, 1, "no rows below the header"),
        (HEADER.strip() + ",phone\n", 1, "columns unknown or given twice: phone"),
        ((HEADER + "1,甲,park,\n").encode() + "2,乙,park,\n".encode("gbk"), 3, "not UTF-8"),
    ],
)
def test_a_broken_line_is_reported_by_its_number(tmp_path: Path, content: str | bytes, line: int, reason: str) -> None:
    with pytest.raises(BadFile) as caught:
        read_units(write(tmp_path, content))
    (problem,) = caught.value.problems
    assert problem.line == line
    assert reason in problem.en
    assert problem.zh


async def test_sixty_thousand_units_load_in_seconds(engine: AsyncEngine, tmp_path: Path) -> None:
    rows = [f"33{street:07},街道{street},street,\n" for street in range(1, 104)]
    rows += [f"33{street:07}{n:03},社区{n},community,33{street:07}\n" for street in range(1, 104) for n in range(1, 22)]
    steps: list[tuple[int, int]] = []
    started = time.perf_counter()
    summary = await load_file(
        engine,
        write(tmp_path, HEADER + "".join(rows)),
        make_lower=True,
        progress=lambda done, total: steps.append((done, total)),
    )
    took = time.perf_counter() - started
    assert summary.inserted == 103 + 103 * 21 * (1 + 4 + 24)
    assert steps[-1] == (summary.inserted, summary.inserted)
    assert took < 30, f"took {took:.1f} s"
