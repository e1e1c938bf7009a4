"""Read grid units from a GeoJSON FeatureCollection (RFC 7946): registry columns as properties, one shape each."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import shapely
from shapely.geometry import shape

from models.datum import Datum, to_wgs84
from rules.organisation.grid_tree import Problem, UnitLine
from services.files.reference_files import BadFile, FileProblem

REQUIRED = ("code", "name", "level", "parent_code")
OPTIONAL = ("type", "households", "enterprise")
#: The share of the smaller of two siblings that may overlap the other (our choice): surveys are never exact.
TOLERATED_OVERLAP = 0.01
#: Names of coordinate systems in degrees of longitude and latitude; a file that follows the standard names none.
_DEGREES = ("CRS84", "4326", "4490")
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
#: The positions of the smallest ring, a triangle whose last position repeats the first.
_MIN_RING = 4


@dataclass(frozen=True)
class Features:
    """The units of a collection, numbered from 1, and the line of the file in which each begins."""

    lines: tuple[UnitLine, ...]
    begin: tuple[int, ...]

    def file_problem(self, file: str, problem: Problem) -> FileProblem:
        """Return a problem of a feature with its line and number."""
        return _file_problem(file, self.begin, problem)

    def overlaps(self) -> list[Problem]:
        """Return the overlaps between siblings: a place must belong to one unit of a level."""
        siblings: defaultdict[tuple[str, str], list[UnitLine]] = defaultdict(list)
        for line in self.lines:
            if line.geometry is not None:
                siblings[line.level, line.parent_code].append(line)
        problems = [problem for group in siblings.values() if len(group) > 1 for problem in _overlaps_among(group)]
        return sorted(problems, key=lambda problem: problem.line)


def is_geojson(text: str) -> bool:
    """Return whether the text is a JSON object rather than CSV."""
    return text.lstrip().startswith("{")


def read_features(file: str, text: str) -> Features:
    """Return the units of a FeatureCollection. Raises BadFile with every broken feature by its number."""
    features, datum = _collection(file, text)
    begin = tuple(line for line, _ in features)
    lines: list[UnitLine] = []
    problems: list[Problem] = []
    for number, (_, feature) in enumerate(features, 1):
        faults = [*_faults(feature)]
        problems += [Problem(number, zh, en) for zh, en in faults]
        if not faults:
            lines.append(_line(number, feature, datum))
    if problems:
        raise BadFile([_file_problem(file, begin, problem) for problem in problems])
    return Features(tuple(lines), begin)


def _file_problem(file: str, begin: Sequence[int], problem: Problem) -> FileProblem:
    number = problem.line
    return FileProblem(file, begin[number - 1], f"第 {number} 个要素:{problem.zh}", f"feature {number}: {problem.en}")


# --- the file ---------------------------------------------------------------------------------------------------------


def _collection(file: str, text: str) -> tuple[list[tuple[int, Any]], Datum]:
    """Return the features, each with the line in which it begins, and the datum of their coordinates."""
    try:
        collection = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        messages = f"JSON 有误:第 {error.colno} 列,{error.msg}", f"broken JSON at column {error.colno}: {error.msg}"
        raise BadFile([FileProblem(file, error.lineno, *messages)]) from error
    except ValueError as error:
        raise BadFile([FileProblem(file, 1, f"JSON 有误:{error}", f"broken JSON: {error}")]) from error
    except RecursionError as error:
        raise BadFile([FileProblem(file, 1, "嵌套过深", "nested too deeply")]) from error
    if collection.get("type") != "FeatureCollection" or not isinstance(collection.get("features"), list):
        messages = "应为 GeoJSON 的 FeatureCollection", "a GeoJSON FeatureCollection is expected"
        raise BadFile([FileProblem(file, 1, *messages)])
    datum = _datum_of(collection)
    if datum is None:
        messages = (
            "坐标须为 WGS 84 经纬度(RFC 7946);高德、腾讯、百度坐标请注明 datum:gcj02 或 bd09",
            "coordinates are longitude and latitude in WGS 84 (RFC 7946); else name their datum: gcj02 or bd09",
        )
        raise BadFile([FileProblem(file, 1, *messages)])
    begin = _line_numbers(text, _feature_offsets(text))
    return list(zip(begin, collection["features"], strict=True)), datum


def _datum_of(collection: dict[str, Any]) -> Datum | None:
    """Return the datum that the collection names by its member `datum` (ours) or `crs`; WGS 84 where it names none,
    None for one that we don't know.
    """
    if "datum" in collection:
        return Datum(collection["datum"]) if collection["datum"] in set(Datum) else None
    if "crs" not in collection:
        return Datum.WGS84
    crs = json.dumps(collection["crs"]).lower().replace("-", "")
    named = next((datum for datum in (Datum.GCJ02, Datum.BD09) if datum in crs), None)
    return named or (Datum.WGS84 if any(name.lower() in crs for name in _DEGREES) else None)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _feature_offsets(text: str) -> list[int]:
    """Return the offset of each element of `features`, in the text of a JSON object that has this member."""
    starts: list[int] = []
    offset = _skip_blanks(text, text.index("{") + 1)
    while text[offset] != "}":
        name, offset = _DECODER.raw_decode(text, offset)
        offset = _skip_blanks(text, _skip_blanks(text, offset) + 1)
        if name == "features":
            starts = []  # of a duplicate member, the last counts
            element = _skip_blanks(text, offset + 1)
            while text[offset] == "[" and text[element] != "]":
                starts.append(element)
                element = _skip_blanks(text, _DECODER.raw_decode(text, element)[1])
                element = _skip_blanks(text, element + 1) if text[element] == "," else element
        offset = _skip_blanks(text, _DECODER.raw_decode(text, offset)[1])
        offset = _skip_blanks(text, offset + 1) if text[offset] == "," else offset
    return starts


def _skip_blanks(text: str, offset: int) -> int:
    """Return the first offset from `offset` on that is not blank."""
    found = _SPACE.match(text, offset)
    return found.end() if found else offset


def _line_numbers(text: str, offsets: Iterable[int]) -> Iterator[int]:
    line, previous = 1, 0
    for offset in offsets:
        line += text.count("\n", previous, offset)
        previous = offset
        yield line


# --- a feature --------------------------------------------------------------------------------------------------------


def _faults(feature: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        yield "不是 Feature", "this is no Feature"
        return
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        yield "缺少 properties", "it has no properties"
        return
    if missing := [name for name in REQUIRED if name not in properties and name != "parent_code"]:
        yield f"缺少属性:{'、'.join(missing)}", f"properties missing: {', '.join(missing)}"
    if unknown := [_displayed(name) for name in properties if name not in REQUIRED + OPTIONAL]:
        yield f"不认识的属性:{'、'.join(unknown)}", f"unknown properties: {', '.join(unknown)}"
    for name in (*REQUIRED, "type", "enterprise"):
        value = properties.get(name)
        if not isinstance(value, str | None):
            yield f"{name} 应为文本(数字编码请加引号)", f"{name} should be text (put quotes around digits)"
        elif value is not None and not value.isprintable():  # among them NUL, which PostgreSQL can't store
            yield f"{name} 含控制字符", f"{name} has control characters"
    households = properties.get("households")
    if households not in (None, "") and _whole_number(households) is None:
        shown = _displayed(households)
        yield f"户数“{shown}”不是整数", f"households “{shown}” is not a whole number"
    yield from _shape_faults(feature.get("geometry"))


def _displayed(value: Any) -> str:
    """Return a value for people; a lone surrogate is shown as an escape."""
    return str(value)[:40].encode("utf-8", "backslashreplace").decode()


def _whole_number(value: Any) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _line(number: int, feature: dict[str, Any], datum: Datum) -> UnitLine:
    properties = feature["properties"]
    text = {name: (properties.get(name) or "").strip() for name in (*REQUIRED, "type", "enterprise")}
    return UnitLine(
        line=number, is_feature=True, households=_whole_number(properties.get("households")),
        geometry=_normalized(feature.get("geometry"), datum), **text,
    )  # fmt: skip


# --- its shape --------------------------------------------------------------------------------------------------------


def _polygons(geometry: dict[str, Any]) -> Any:
    return [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]


def _normalized(geometry: dict[str, Any] | None, datum: Datum) -> dict[str, Any] | None:
    """Return the geometry on WGS 84, without heights and additional members."""
    if geometry is None:
        return None
    rings = [[[_position(position, datum) for position in ring] for ring in polygon] for polygon in _polygons(geometry)]
    return {"type": geometry["type"], "coordinates": rings[0] if geometry["type"] == "Polygon" else rings}


def _position(position: Sequence[float], datum: Datum) -> list[float]:
    lon, lat = map(float, position[:2])
    lat, lon = to_wgs84(lat, lon, datum)
    return [lon, lat]


def _shape_faults(geometry: Any) -> Iterator[tuple[str, str]]:
    if geometry is None:  # a unit of unknown location (RFC 7946, 3.2)
        return
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        yield "图形须为 Polygon 或 MultiPolygon", "its geometry should be a Polygon or a MultiPolygon"
        return
    polygons = _polygons(geometry) if "coordinates" in geometry else None
    if not _is_list(polygons) or not all(_is_list(rings) and all(map(_is_ring, rings)) for rings in polygons or ()):
        zh = "坐标有误:每个环须首尾相同,至少 4 个点,均为经纬度(经度在前)"
        yield zh, "broken coordinates: a ring is closed and has 4 positions or more, each a longitude and a latitude"
        return
    polygon = shape(_normalized(geometry, Datum.WGS84))
    if not polygon.is_valid:
        reason = shapely.is_valid_reason(polygon)
        yield f"图形无效:{reason}", f"its geometry is not valid: {reason}"
    elif not polygon.area:
        yield "图形没有面积", "its geometry has no area"


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_ring(ring: Any) -> bool:
    if not isinstance(ring, list) or len(ring) < _MIN_RING or not all(map(_is_position, ring)):
        return False
    return bool(ring[0][:2] == ring[-1][:2])


def _is_position(position: Any) -> bool:
    if not isinstance(position, list) or len(position) < 2:
        return False
    if any(isinstance(part, bool) or not isinstance(part, int | float) for part in position):
        return False
    return bool(abs(position[0]) <= 180 and abs(position[1]) <= 90)


def _overlaps_among(group: Sequence[UnitLine]) -> Iterator[Problem]:
    shapes = shapely.from_geojson([json.dumps(line.geometry) for line in group])
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    each_pair = one > other
    one, other = one[each_pair], other[each_pair]
    common = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    areas = shapely.area(shapes)
    too_much = (common > TOLERATED_OVERLAP * areas[one]) | (common > TOLERATED_OVERLAP * areas[other])
    for later, earlier in zip(one[too_much].tolist(), other[too_much].tolist(), strict=True):
        number = group[earlier].line
        yield Problem(group[later].line, f"与第 {number} 个要素重叠", f"it overlaps feature {number}")
