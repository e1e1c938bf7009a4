"""Grid units as a GeoJSON FeatureCollection (RFC 7946): the columns of a registry as properties, with a shape each."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import shapely
from shapely.geometry import shape

from rules.organisation.grid_tree import Problem, UnitLine
from services.files.reference_files import BadFile, FileProblem

REQUIRED = ("code", "name", "level", "parent_code")
OPTIONAL = ("type", "households", "enterprise")
#: How much of the smaller of two siblings may lie within the other (our choice): surveys never fit to the millimetre.
TOLERATED = 0.01
#: Names of coordinate systems that are degrees of longitude and latitude; a file of the standard names none.
_DEGREES = ("CRS84", "4326", "4490")
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
#: The positions of the smallest ring, a triangle: the last is the first again.
_RING = 4


@dataclass(frozen=True)
class Features:
    """The units of a collection, numbered from 1, and the line of the file in which each begins."""

    lines: tuple[UnitLine, ...]
    begin: tuple[int, ...]

    def told(self, file: str, problem: Problem) -> FileProblem:
        """A problem of a feature, at its line, by its number."""
        return _at(file, self.begin, problem)

    def overlaps(self) -> list[Problem]:
        """Siblings of which one lies partly within the other: a place belongs to one of them."""
        siblings: defaultdict[tuple[str, str], list[UnitLine]] = defaultdict(list)
        for line in self.lines:
            if line.geometry is not None:
                siblings[line.level, line.parent_code].append(line)
        found = [problem for group in siblings.values() if len(group) > 1 for problem in _overlaps_among(group)]
        return sorted(found, key=lambda problem: problem.line)


def is_geojson(text: str) -> bool:
    """Whether this is no CSV but a JSON object."""
    return text.lstrip().startswith("{")


def read_features(file: str, text: str) -> Features:
    """The units of a FeatureCollection. Raises BadFile with every broken feature by its number."""
    found = _collection(file, text)
    begin = tuple(line for line, _ in found)
    lines: list[UnitLine] = []
    problems: list[Problem] = []
    for number, (_, feature) in enumerate(found, 1):
        faults = [*_faults(feature)]
        problems += [Problem(number, zh, en) for zh, en in faults]
        if not faults:
            lines.append(_line(number, feature))
    if problems:
        raise BadFile([_at(file, begin, problem) for problem in problems])
    return Features(tuple(lines), begin)


def _at(file: str, begin: Sequence[int], problem: Problem) -> FileProblem:
    number = problem.line
    return FileProblem(file, begin[number - 1], f"第 {number} 个要素:{problem.zh}", f"feature {number}: {problem.en}")


# --- the file ---------------------------------------------------------------------------------------------------------


def _collection(file: str, text: str) -> list[tuple[int, Any]]:
    """The features, each with the line in which it begins."""
    try:
        whole = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        told = f"JSON 有误:第 {error.colno} 列,{error.msg}", f"broken JSON at column {error.colno}: {error.msg}"
        raise BadFile([FileProblem(file, error.lineno, *told)]) from error
    except ValueError as error:
        raise BadFile([FileProblem(file, 1, f"JSON 有误:{error}", f"broken JSON: {error}")]) from error
    except RecursionError as error:
        raise BadFile([FileProblem(file, 1, "嵌套过深", "nested too deeply")]) from error
    if whole.get("type") != "FeatureCollection" or not isinstance(whole.get("features"), list):
        told = "应为 GeoJSON 的 FeatureCollection", "a GeoJSON FeatureCollection is expected"
        raise BadFile([FileProblem(file, 1, *told)])
    if "crs" in whole and not any(name in json.dumps(whole["crs"]) for name in _DEGREES):
        told = "坐标须为 WGS 84 经纬度(RFC 7946)", "coordinates are longitude and latitude in WGS 84 (RFC 7946)"
        raise BadFile([FileProblem(file, 1, *told)])
    begin = _lines_at(text, _elements(text))
    return list(zip(begin, whole["features"], strict=True))


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _elements(text: str) -> list[int]:
    """Where each element of the member `features` begins, in a text that is known to be a JSON object with it."""
    starts: list[int] = []
    at = _past(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _past(text, _past(text, at) + 1)
        if name == "features":
            starts = []  # of one name given twice, the last counts
            inside = _past(text, at + 1)
            while text[at] == "[" and text[inside] != "]":
                starts.append(inside)
                inside = _past(text, _DECODER.raw_decode(text, inside)[1])
                inside = _past(text, inside + 1) if text[inside] == "," else inside
        at = _past(text, _DECODER.raw_decode(text, at)[1])
        at = _past(text, at + 1) if text[at] == "," else at
    return starts


def _past(text: str, at: int) -> int:
    """The first place from `at` on that is no blank."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _lines_at(text: str, places: Iterable[int]) -> Iterator[int]:
    line, before = 1, 0
    for place in places:
        line += text.count("\n", before, place)
        before = place
        yield line


# --- a feature --------------------------------------------------------------------------------------------------------


def _faults(feature: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        yield "不是 Feature", "this is no Feature"
        return
    told = feature.get("properties")
    if not isinstance(told, dict):
        yield "缺少 properties", "it has no properties"
        return
    if lost := [name for name in REQUIRED if name not in told and name != "parent_code"]:
        yield f"缺少属性:{'、'.join(lost)}", f"properties missing: {', '.join(lost)}"
    if odd := [_spelled(name) for name in told if name not in REQUIRED + OPTIONAL]:
        yield f"不认识的属性:{'、'.join(odd)}", f"unknown properties: {', '.join(odd)}"
    for name in (*REQUIRED, "type", "enterprise"):
        value = told.get(name)
        if not isinstance(value, str | None):
            yield f"{name} 应为文本(数字编码请加引号)", f"{name} should be text (put quotes around digits)"
        elif value is not None and not value.isprintable():  # among them what no database holds
            yield f"{name} 含控制字符", f"{name} has control characters"
    households = told.get("households")
    if households not in (None, "") and _whole(households) is None:
        spelled = _spelled(households)
        yield f"户数“{spelled}”不是整数", f"households “{spelled}” is not a whole number"
    yield from _shape_faults(feature.get("geometry"))


def _spelled(value: Any) -> str:
    """A value for people; half a character is told by its number."""
    return str(value)[:40].encode("utf-8", "backslashreplace").decode()


def _whole(value: Any) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _line(number: int, feature: dict[str, Any]) -> UnitLine:
    told = feature["properties"]
    text = {name: (told.get(name) or "").strip() for name in (*REQUIRED, "type", "enterprise")}
    return UnitLine(
        line=number, is_feature=True, households=_whole(told.get("households")),
        geometry=_flat(feature.get("geometry")), **text,
    )  # fmt: skip


# --- its shape --------------------------------------------------------------------------------------------------------


def _polygons(geometry: dict[str, Any]) -> Any:
    return [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]


def _flat(geometry: dict[str, Any] | None) -> dict[str, Any] | None:
    """The geometry without heights, and without what else may stand in it."""
    if geometry is None:
        return None
    flat = [[[list(map(float, position[:2])) for position in ring] for ring in one] for one in _polygons(geometry)]
    return {"type": geometry["type"], "coordinates": flat[0] if geometry["type"] == "Polygon" else flat}


def _shape_faults(geometry: Any) -> Iterator[tuple[str, str]]:
    if geometry is None:  # a unit whose place is not known (RFC 7946, 3.2)
        return
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        yield "图形须为 Polygon 或 MultiPolygon", "its geometry should be a Polygon or a MultiPolygon"
        return
    polygons = _polygons(geometry) if "coordinates" in geometry else None
    if not _is_list(polygons) or not all(_is_list(one) and all(map(_is_ring, one)) for one in polygons or ()):
        zh = "坐标有误:每个环须首尾相同,至少 4 个点,均为经纬度(经度在前)"
        yield zh, "broken coordinates: a ring is closed and has 4 positions or more, each a longitude and a latitude"
        return
    made = shape(_flat(geometry))
    if not made.is_valid:
        why = shapely.is_valid_reason(made)
        yield f"图形无效:{why}", f"its geometry is not valid: {why}"
    elif not made.area:
        yield "图形没有面积", "its geometry has no area"


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_ring(ring: Any) -> bool:
    if not isinstance(ring, list) or len(ring) < _RING or not all(map(_is_position, ring)):
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
    once = one > other
    one, other = one[once], other[once]
    common = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    areas = shapely.area(shapes)
    too_much = (common > TOLERATED * areas[one]) | (common > TOLERATED * areas[other])
    for later, earlier in zip(one[too_much].tolist(), other[too_much].tolist(), strict=True):
        number = group[earlier].line
        yield Problem(group[later].line, f"与第 {number} 个要素重叠", f"it overlaps feature {number}")
