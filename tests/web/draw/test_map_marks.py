"""Names on areas where they fit, and a scale bar of a round length."""

import pytest
from shapely.geometry import box

from web.draw.map_marks import METRES_PER_DEGREE, Label, draw_label, scale_of
from web.views.unit_names import short_unit, shortest_unit


@pytest.mark.parametrize(
    ("width", "height", "shown"),
    [(200, 100, ["丘头社区", "12"]), (40, 200, ["12"]), (60, 18, ["12"]), (8, 8, [])],
)
def test_an_area_shows_as_much_of_its_label_as_it_has_room_for(width: float, height: float, shown: list[str]) -> None:
    drawn = draw_label(box(0, 0, width, height), Label(("丘头社区", "12")), lambda x, y: (x, y), 13)
    assert [line for line in ("丘头社区", "12") if f">{line}<" in drawn] == shown


@pytest.mark.parametrize(
    ("degrees", "metres"), [(0.09, 2000), (0.01, 200), (0.0001, 2), (1.0, 20_000), (0.000001, 1), (0.042, 1000)]
)
def test_the_scale_bar_is_round_and_at_most_a_quarter_of_the_map(degrees: float, metres: int) -> None:
    per_unit = degrees * METRES_PER_DEGREE / 560
    length, units = scale_of(per_unit, 560)
    assert length == metres
    assert units == pytest.approx(metres / per_unit)


@pytest.mark.parametrize(
    ("name", "short", "shortest"),
    [
        ("丘头社区居民委员会", "丘头社区", "丘头社区"),
        ("徐村社区第2网格", "徐村社区第2网格", "第2网格"),
        ("徐村社区第2网格05号微网格", "徐村社区第2网格05号", "05号"),
        ("佳利制药有限公司", "佳利制药有限公司", "佳利制药有限公司"),
        ("第一微网格", "第一微网格", "第一微网格"),
    ],
)
def test_names_of_units_in_short(name: str, short: str, shortest: str) -> None:
    assert (short_unit(name), shortest_unit(name)) == (short, shortest)
