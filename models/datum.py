"""The datums on which coordinates are given, and their conversion to WGS 84, which everything is stored in.

GCJ-02 is what Chinese map services and mini-programs give (the coordinates that the national survey shifts), BD-09 what
Baidu gives; both lie up to some hundred metres from WGS 84, more than a micro-grid is wide. Outside mainland China the
three agree. The arithmetic is that of `web/ui/map/gcj.ts`.
"""

import math
from enum import StrEnum
from typing import Final

#: The Krasovsky ellipsoid: semi-axis in metres, eccentricity squared.
_AXIS: Final = 6_378_245.0
_ECCENTRICITY: Final = 0.006_693_421_622_965_943
#: Baidu's turn of the angle, and its shift, in degrees.
_TURN: Final = math.pi * 3000 / 180
_BAIDU_EAST, _BAIDU_NORTH = 0.0065, 0.006
#: Rounds of approximation, accurate to a centimetre, and the decimals kept: a centimetre too.
_ROUNDS, _DECIMALS = 6, 7


class Datum(StrEnum):
    """What a pair of coordinates refers to."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def to_wgs84(lat: float, lon: float, datum: Datum) -> tuple[float, float]:
    """Return latitude and longitude on WGS 84, in degrees."""
    if datum is Datum.WGS84 or _is_outside_china(lat, lon):
        return lat, lon
    if datum is Datum.BD09:
        lat, lon = _gcj02_of_bd09(lat, lon)
    found_lat, found_lon = lat, lon
    for _ in range(_ROUNDS):
        shifted_lat, shifted_lon = gcj02_of_wgs84(found_lat, found_lon)
        found_lat, found_lon = found_lat + lat - shifted_lat, found_lon + lon - shifted_lon
    return round(found_lat, _DECIMALS), round(found_lon, _DECIMALS)


def gcj02_of_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """Return latitude and longitude on GCJ-02 of a place in mainland China on WGS 84, in degrees."""
    north, east = _offsets(lon - 105, lat - 35)
    angle = math.radians(lat)
    curvature = 1 - _ECCENTRICITY * math.sin(angle) ** 2
    metres = math.sqrt(curvature)
    return (
        lat + north * 180 / (_AXIS * (1 - _ECCENTRICITY) / (curvature * metres) * math.pi),
        lon + east * 180 / (_AXIS / metres * math.cos(angle) * math.pi),
    )


def _offsets(x: float, y: float) -> tuple[float, float]:
    """Return how far GCJ-02 lies to the north and east, in metres, at `x` and `y` degrees from 105° E, 35° N."""

    def sine(n: float) -> float:
        return math.sin(n * math.pi)

    root = math.sqrt(abs(x))
    shared = (20 * sine(6 * x) + 20 * sine(2 * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + shared
    north += (20 * sine(y) + 40 * sine(y / 3)) * 2 / 3 + (160 * sine(y / 12) + 320 * sine(y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + shared
    east += (20 * sine(x) + 40 * sine(x / 3)) * 2 / 3 + (150 * sine(x / 12) + 300 * sine(x / 30)) * 2 / 3
    return north, east


def _gcj02_of_bd09(lat: float, lon: float) -> tuple[float, float]:
    x, y = lon - _BAIDU_EAST, lat - _BAIDU_NORTH
    length = math.hypot(x, y) - 0.00002 * math.sin(y * _TURN)
    angle = math.atan2(y, x) - 0.000003 * math.cos(x * _TURN)
    return length * math.sin(angle), length * math.cos(angle)


def _is_outside_china(lat: float, lon: float) -> bool:
    return not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271)
