"""Registries as GeoJSON: all units stored with their shapes, or every broken feature reported by its number."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from rules.organisation.tiling import DEMO_BOX
from services.files.reference_files import BadFile
from services.organisation.geojson import read_features
from services.organisation.grid_registry import LoadSummary, load_file, read_checked

PARK, COMMUNITY, OTHER = "130172100", "130172100001", "130172100002"


def ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def square(*box: float) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring(*box)]}


def feature(code: str, level: str, geometry: Any, parent: str = "", **more: Any) -> dict[str, Any]:
    properties = {"code": code, "name": f"单位{code}", "level": level, "parent_code": parent, **more}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def three() -> list[dict[str, Any]]:
    """A park, a community in two parts, and one without a shape."""
    parts = {"type": "MultiPolygon", "coordinates": [[ring(114, 38, 114.4, 38.5)], [ring(114.5, 38, 114.6, 38.5)]]}
    return [
        feature(PARK, "street", square(114, 38, 115, 39)),
        feature(COMMUNITY, "community", parts, PARK),
        feature(OTHER, "community", None, PARK),
    ]


def write(folder: Path, features: Any, **members: Any) -> Path:
    path = folder / "units.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}, indent=1), "utf-8")
    return path


async def count(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM grid_units")) or 0)


async def test_units_come_with_their_shapes_and_the_same_again_changes_nothing(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    high = three()
    high[0]["geometry"]["coordinates"][0] = [[*position, 51.5] for position in ring(114, 38, 115, 39)]
    path = write(tmp_path, high, name="园区", bbox=[114, 38, 115, 39])
    assert await load_file(engine, path) == LoadSummary(inserted=3, updated=0, unchanged=0)
    assert await load_file(engine, path) == LoadSummary(inserted=0, updated=0, unchanged=3)
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM grid_units ORDER BY code"))).all()
    assert [row.geometry for row in rows] == [square(114, 38, 115, 39), three()[1]["geometry"], None]
    assert [(row.west, row.south, row.east, row.north) for row in rows] == [
        (114, 38, 115, 39), (114, 38, 114.6, 38.5), (None,) * 4,
    ]  # fmt: skip


def test_households_and_the_rest_are_read_as_from_a_csv(tmp_path: Path) -> None:
    grid, micro = f"{COMMUNITY}901", f"{COMMUNITY}901001"
    path = write(
        tmp_path,
        [
            *three(),
            feature(grid, "grid", None, COMMUNITY, type="dedicated", households=None),
            feature(micro, "micro_grid", None, grid, enterprise="示例化工厂", type=None),
            feature(f"{COMMUNITY}901002", "micro_grid", None, grid, households=12),
            feature(f"{COMMUNITY}901003", "micro_grid", None, grid, households="13"),
        ],
    )
    units = read_checked(path).units
    assert [(unit.households, unit.enterprise) for unit in units[4:]] == [(None, "示例化工厂"), (12, None), (13, None)]


BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
Spoil = Callable[[list[Any]], Any]
BROKEN: dict[str, tuple[Spoil, int, str]] = {
    "no feature": (lambda all_: all_.__setitem__(1, [1]), 2, "this is no Feature"),
    "no properties": (lambda all_: all_[1].update(properties=None), 2, "it has no properties"),
    "nameless": (lambda all_: all_[1]["properties"].pop("name"), 2, "properties missing: name"),
    "written wrong": (lambda all_: all_[1]["properties"].update(household=3), 2, "unknown properties: household"),
    "a number": (lambda all_: all_[0]["properties"].update(code=130172100), 1, "code should be text"),
    "half": (lambda all_: all_[1]["properties"].update(households=1.5), 2, "households “1.5” is not a whole number"),
    "yes": (lambda all_: all_[1]["properties"].update(households=True), 2, "households “True” is not a whole number"),
    "a point": (lambda all_: all_[1].update(geometry={"type": "Point", "coordinates": [1, 2]}), 2, "a Polygon or a"),
    "no place": (lambda all_: all_[1].update(geometry={"type": "Polygon"}), 2, "broken coordinates"),
    "flat": (lambda all_: all_[1].update(geometry={"type": "Polygon", "coordinates": [[[1, 2]] * 4]}), 2, "not valid"),
    "open": (
        lambda all_: all_[1].update(geometry={"type": "Polygon", "coordinates": [ring(0, 0, 1, 1)[:-1]]}),
        2, "a ring is closed",
    ),
    "in metres": (lambda all_: all_[1].update(geometry=square(4e5, 3e6, 5e5, 4e6)), 2, "a longitude and a latitude"),
    "words": (
        lambda all_: all_[1].update(geometry={"type": "Polygon", "coordinates": [[["a", "b"]] * 4]}),
        2, "broken coordinates",
    ),
    "a bow tie": (
        lambda all_: all_[1].update(geometry=BOW_TIE),
        2, "not valid: Self-intersection",
    ),
    "over its neighbour": (lambda all_: all_[2].update(geometry=square(114.2, 38, 114.5, 38.5)), 3, "overlaps"),
    "nul": (lambda all_: all_[1]["properties"].update(enterprise="厂\0"), 2, "enterprise has control characters"),
    "half a sign": (lambda all_: all_[1]["properties"].update({"\ud800": 1}), 2, "unknown properties: \\ud800"),
    "beyond": (lambda all_: all_[1].update(geometry=square(10**400, 0, 1, 1)), 2, "broken coordinates"),
    "twice": (lambda all_: all_.append(all_[1]), 4, "is a duplicate of feature 2"),
    "an orphan": (lambda all_: all_[2]["properties"].update(parent_code="130172199"), 3, "no parent unit “130172199”"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_feature_is_reported_by_its_number_and_nothing_is_stored(
    engine: AsyncEngine, tmp_path: Path, name: str
) -> None:
    spoil, number, reason = BROKEN[name]
    features = three()
    spoil(features)
    path = write(tmp_path, features)
    with pytest.raises(BadFile) as caught:
        await load_file(engine, path)
    matching = [problem for problem in caught.value.problems if reason in problem.en]
    assert matching, caught.value
    assert matching[0].en.startswith(f"feature {number}: ")
    assert matching[0].zh.startswith(f"第 {number} 个要素:")
    begins = [at for at, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line in ("  {", "  [")]
    assert matching[0].line == begins[number - 1], "the line in which the feature begins"
    assert await count(engine) == 0


def test_each_broken_feature_is_reported() -> None:
    features = three()
    features[0]["properties"]["name"] = ""
    features[1]["geometry"] = square(1, 1, 1, 2)
    features[2]["properties"]["colour"] = "red"
    with pytest.raises(BadFile) as caught:
        read_features("f", json.dumps({"features": features, "type": "FeatureCollection"}))
    assert [problem.en.split(":")[0] for problem in caught.value.problems] == ["feature 2", "feature 3"]


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ('{"type": "FeatureCollection",\n "features": [}', 2, "broken JSON at column 15"),
        ('{"type": "Feature", "features": []}', 1, "a GeoJSON FeatureCollection is expected"),
        ('{"type": "FeatureCollection", "features": {}}', 1, "a GeoJSON FeatureCollection is expected"),
        ('{"type": "FeatureCollection", "features": [], "x": NaN}', 1, "NaN is no number"),
        ('{"type": "FeatureCollection", "features": [], "crs": {"properties": {"name": "EPSG:3857"}}}', 1, "WGS 84"),
        ('{"a": ' + "[" * 100_000, 1, "nested too deeply"),
    ],
)
def test_other_json_is_refused(tmp_path: Path, content: str, line: int, reason: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, "utf-8")
    with pytest.raises(BadFile) as caught:
        read_checked(path)
    (problem,) = caught.value.problems
    assert problem.line == line
    assert reason in problem.en


def test_neighbours_that_touch_or_overlap_by_a_hair_are_no_fault(tmp_path: Path) -> None:
    features = [
        feature(PARK, "street", square(114, 38, 115, 39)),
        feature(COMMUNITY, "community", square(114, 38, 114.5, 39), PARK),
        feature(OTHER, "community", square(114.4999, 38, 115, 39), PARK),
    ]
    assert len(read_checked(write(tmp_path, features)).units) == 3


async def test_placeholder_shapes_do_not_replace_real_ones(engine: AsyncEngine, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="shapes of its own"):
        await load_file(engine, write(tmp_path, three()), box=DEMO_BOX)
    assert await count(engine) == 0
