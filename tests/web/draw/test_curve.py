"""Curves of readings: gaps, limits, nothing at all."""

from datetime import UTC, datetime, timedelta

from web.draw.svg_curve import Line, Point, Tick, curve

SINCE = datetime(2026, 3, 2, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=24)


def points(*minutes: int, value: float = 1.0) -> list[Point]:
    """A point at each of these minutes."""
    return [Point(SINCE + timedelta(minutes=n), value, value + 0.5) for n in minutes]


def drawn(found: list[Point], *lines: Line) -> str:
    """The drawing of these points; ten minutes without readings are a gap."""
    tick = Tick(SINCE + timedelta(hours=6), "06:00 <b>")
    return str(curve(found, lines, [tick], SINCE, UNTIL, gap=600, label="VOC <curve>"))


def test_a_time_without_readings_is_a_gap() -> None:
    assert drawn(points(0, 5, 10, 15)).count("<polygon") == 1
    assert drawn(points(0, 5, 60, 65)).count("<polygon") == 2
    assert drawn(points(0, 11)).count("<polyline") == 2


def test_limits_are_lines_across_within_the_drawing() -> None:
    svg = drawn(points(0, 5), Line(9.0, "上限 9", "limit"), Line(8.0, "恢复", "clear"))
    assert svg.count('class="curve-limit"') == 1
    assert svg.count('class="curve-clear"') == 1
    assert "上限 9" in svg


def test_nothing_is_drawn_of_nothing_and_text_is_escaped() -> None:
    assert drawn([]) == ""
    svg = drawn(points(0))
    assert "&lt;curve&gt;" in svg
    assert "<b>" not in svg


def test_a_flat_line_has_room_around_it() -> None:
    flat = [Point(SINCE, 0.0, 0.0), Point(SINCE + timedelta(minutes=1), 0.0, 0.0)]
    assert "nan" not in drawn(flat)
    assert "inf" not in drawn(flat)
