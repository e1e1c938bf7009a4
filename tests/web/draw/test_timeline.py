"""The drawing of a timeline: positions, titles, escaping of typed text."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from web.draw.svg_timeline import LEFT, Band, Drawing, Event, Scale, draw_timeline

T0 = datetime(2026, 11, 20, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_drawing(**changed: object) -> Drawing:
    known: dict[str, object] = {
        "lanes": [("desk", "受理"), ("department", "承办")],
        "clock": "计时",
        "bands": [
            Band(T0, T0 + 3 * HOUR, "running", "计时"),
            Band(T0 + 3 * HOUR, T0 + 9 * HOUR, "stopped", "停表"),
            Band(T0 + 9 * HOUR, T0 + 10 * HOUR, "overdue", "超期"),
        ],
        "events": [
            Event(T0, "desk", "已受理 <b>&", "#e1", weighty=True),
            Event(T0 + HOUR, "department", "已认领", "#e2"),
            Event(T0 + 40 * HOUR, "department", "超期", "#ahead", ahead=True),
        ],
        "now": T0 + 10 * HOUR,
        "now_word": "现在",
        "label": "时间轴",
    }
    return Drawing(**{**known, **changed})  # type: ignore[arg-type]


def test_it_is_well_formed_and_without_styles() -> None:
    svg = str(draw_timeline(a_drawing()))
    ElementTree.fromstring(svg)
    assert "style=" not in svg
    assert "<b>" not in svg
    assert "已受理 &lt;b&gt;&amp;" in svg
    assert svg.count('<circle class="t-dot') == 2
    assert svg.count('class="t-ahead"') == 1
    assert 'fill="url(#hatch)"' in svg
    assert svg == str(draw_timeline(a_drawing())), "the same input draws the same"


def test_events_link_to_their_lines() -> None:
    svg = str(draw_timeline(a_drawing()))
    assert re.findall(r'<a href="([^"]+)"', svg) == ["#e1", "#e2", "#ahead"]


def test_the_scale_runs_from_left_to_right_and_gives_room_to_a_minute_beside_a_week() -> None:
    marks = [T0, T0 + timedelta(minutes=1), T0 + timedelta(days=7)]
    scale = Scale(marks, 640)
    places = [scale(mark) for mark in marks]
    assert places == sorted(places)
    assert places[0] == LEFT
    assert places[1] - places[0] > 10
    assert scale(T0 - HOUR) == places[0]
    assert scale(T0 + timedelta(days=30)) == places[-1]


def test_a_case_with_one_moment_is_drawn_too() -> None:
    ElementTree.fromstring(str(draw_timeline(a_drawing(bands=[], events=[], now=T0))))


def test_a_year_has_no_more_days_than_can_be_told_apart() -> None:
    svg = str(draw_timeline(a_drawing(now=T0 + timedelta(days=365))))
    assert svg.count('class="t-day"') <= 60


def test_the_clock_of_the_whole_case_has_a_row_of_its_own() -> None:
    whole = [Band(T0, T0 + 60 * HOUR, "ahead", "全程 余下时间")]
    plain, both = (str(draw_timeline(a_drawing(**more))) for more in ({}, {"whole": "全程", "whole_bands": whole}))
    assert "全程" not in plain
    assert ">全程</text>" in both
    assert "<title>全程 余下时间</title>" in both
    rows = {rect.get("y") for rect in ElementTree.fromstring(both).iter() if "t-band" in (rect.get("class") or "")}
    assert len(rows) == 2
    heights = [float(ElementTree.fromstring(svg).get("height") or 0) for svg in (plain, both)]
    assert heights[1] > heights[0]
