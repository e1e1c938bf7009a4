"""Coordinates on the datums of Chinese map services, brought to WGS 84."""

import math

import pytest

from models.commands import Relocate
from models.commands.report import Location, WrittenLocation
from models.datum import Datum, gcj02_of_wgs84, to_wgs84

#: A place on WGS 84, and the same as a map service gives it; degrees.
PLACES = [
    ((39.9087, 116.3975), (39.910103, 116.403743), Datum.GCJ02),
    ((38.0141495, 114.666007), (38.014717, 114.671870), Datum.GCJ02),
    ((39.914266, 116.403988), (39.921965801, 116.416615601), Datum.BD09),
]


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.hypot((a[0] - b[0]) * 111_320, (a[1] - b[1]) * 111_320 * math.cos(math.radians(a[0])))


@pytest.mark.parametrize(("wgs84", "given", "datum"), PLACES)
def test_places_as_map_services_give_them(wgs84: tuple[float, float], given: tuple[float, float], datum: Datum) -> None:
    assert metres(to_wgs84(*given, datum), wgs84) < 1
    assert metres(wgs84, given) > 300


@pytest.mark.parametrize("lat", [18.2, 31.0, 38.0, 45.5, 53.0])
@pytest.mark.parametrize("lon", [75.0, 98.0, 114.7, 121.5, 134.0])
def test_there_and_back_is_a_centimetre(lat: float, lon: float) -> None:
    assert metres(to_wgs84(*gcj02_of_wgs84(lat, lon), Datum.GCJ02), (lat, lon)) < 0.02


def test_outside_china_the_datums_agree() -> None:
    for datum in Datum:
        assert to_wgs84(51.5, -0.1, datum) == (51.5, -0.1)


def test_a_command_is_converted_once() -> None:
    given = {"lat": 38.014717, "lon": 114.671870, "datum": "gcj02"}
    command = Relocate.model_validate({"grid": "g", "location": given, "reason": "x"})
    assert command.location is not None
    assert metres((command.location.lat, command.location.lon), (38.0141495, 114.666007)) < 1
    assert Relocate.model_validate_json(command.model_dump_json()) == command
    assert Relocate.model_validate({"grid": "g", "location": {"lat": 1, "lon": 2}, "reason": "x"}).location == Location(
        lat=1, lon=2
    )
    assert WrittenLocation(lat=1, lon=2).datum is Datum.WGS84
