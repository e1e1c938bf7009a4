"""Chinese years: announced ones, expected ones, and a shorthand whose faults have lines."""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from holidays import country_holidays

from models.policy.calendar import Calendar
from models.policy.document import Policy
from services.files.reference_files import BadFile
from services.files.shipped import POLICY
from services.policies.china_calendars import FIRST_KNOWN, KNOWN_DIFFERENCES, LAST_EXPECTED, LAST_KNOWN, china_year
from services.policies.files import read_policy
from tests.services.policies.test_files import small

CALENDARS = """calendars:
  - name: park
    week: {monday: &office [08:30-12:00, 13:30-18:00], tuesday: *office}
    makeup: *office
    china: {from: 2025, to: 2027}
  - name: desk
    week: {monday: [08:00-24:00]}
    makeup: []
groups:
"""


@pytest.fixture(scope="module")
def demo() -> Policy:
    return read_policy(POLICY)


def policy_file(folder: Path, old: str = "", new: str = "") -> Path:
    """Write the small policy with the calendars above, with one thing changed in them."""
    assert old in CALENDARS
    return small(folder, "groups:\n", CALENDARS.replace(old, new, 1) if old else CALENDARS)


def park_of(folder: Path, old: str = "", new: str = "") -> Calendar:
    return read_policy(policy_file(folder, old, new)).calendars[0]


def test_the_two_packages_differ_on_no_day_that_is_not_known() -> None:
    assert (FIRST_KNOWN, LAST_KNOWN, LAST_EXPECTED) == (2004, 2026, 2100)
    here = country_holidays("CN", years=range(FIRST_KNOWN, LAST_KNOWN + 2))
    days = [date(FIRST_KNOWN, 1, 1) + timedelta(days=n) for n in range(8_401)]
    assert days[-1] == date(LAST_KNOWN, 12, 31)
    differ = {day for day in days if chinese_calendar.is_workday(day) != here.is_working_day(day)}
    assert differ == set(KNOWN_DIFFERENCES)
    assert date(2005, 12, 31) in china_year(2005)["workdays"]


def test_another_difference_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("services.policies.china_calendars.KNOWN_DIFFERENCES", {date(2025, 3, 3): False})
    china_year.cache_clear()
    with pytest.raises(BadFile, match=r"policy\.yaml:6: calendars\.0\.china: .* differ on 2025-03-03"):
        park_of(tmp_path)
    china_year.cache_clear()


def test_a_year_with_a_notice_is_certain_and_a_later_one_provisional(tmp_path: Path) -> None:
    park = park_of(tmp_path)
    assert [(year.year, year.provisional) for year in park.years] == [(2025, False), (2026, False), (2027, True)]
    assert [f"{day:%m-%d}" for day in park.years[1].workdays] == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    assert date(2026, 10, 1) in park.years[1].holidays
    assert park.years[2].workdays == ()
    assert date(2027, 10, 1) in park.years[2].holidays
    assert all(day.weekday() < 5 for year in park.years for day in year.holidays)


def test_expanded_years_are_plain_data_that_no_package_changes(demo: Policy) -> None:
    stored = demo.model_dump(mode="json")
    assert "china" not in stored["calendars"][0]
    assert Policy.model_validate(stored) == demo


def test_a_year_in_the_file_takes_precedence(tmp_path: Path) -> None:
    own = "years: [{year: 2027, holidays: [2027-01-01], workdays: [2027-01-02]}]\n    china: {from: 2026, to: 2028}"
    park = park_of(tmp_path, "china: {from: 2025, to: 2027}", own)
    assert {year.year: year.provisional for year in park.years} == {2027: False, 2026: False, 2028: True}
    assert park.years[0].holidays == (date(2027, 1, 1),)


@pytest.mark.parametrize(
    ("new", "field", "reason"),
    [
        ("{from: 2003, to: 2026}", "china.from", "greater than or equal to 2004"),
        ("{from: 2026, to: 2101}", "china.to", "less than or equal to 2100"),
        ("{from: 2027, to: 2026}", "china", "`to` is before `from`"),
        ("{from: 2026}", "china.to", "Field required"),
        ("{from: 2026, to: 2026, since: 1}", "china.since", "Extra inputs"),
        ('{from: "2026", to: true}', "china.from", "valid integer"),
        ("2026", "china", "valid dictionary"),
        ("", "china", "valid dictionary"),
        ("[2026, [2027]]", "china", "valid dictionary"),
    ],
)
def test_an_invalid_shorthand_is_reported_once_at_its_line(tmp_path: Path, new: str, field: str, reason: str) -> None:
    with pytest.raises(BadFile) as caught:
        park_of(tmp_path, "{from: 2025, to: 2027}", new)
    assert all(problem.line == 6 for problem in caught.value.problems)
    assert [p.en for p in caught.value.problems if p.en.startswith(f"calendars.0.{field}: ") and reason in p.en]
    assert "Extra inputs are not permitted" not in str(caught.value).replace("china.since: Extra inputs", "")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("13:30-18:00", "11:30-18:00", 4, "spans of one day overlap"),
        ("13:30-18:00", "18:00-13:30", 4, "a span ends after it starts"),
        ("13:30-18:00", "13:30-24:01", 4, "less than or equal to 1440"),
        ("13:30-18:00", '"13:30"', 4, "is not a span like 08:30-12:00"),
        ("13:30-18:00", "half past", 4, "is not a span like 08:30-12:00"),
        (
            "china: {from: 2025, to: 2027}",
            "years: [{year: 2026, holidays: [2026-02-14], workdays: [2026-02-14]}]",
            6,
            "a holiday and a make-up workday at once: 2026-02-14",
        ),
        (
            "china: {from: 2025, to: 2027}",
            "years: [{year: 2026, holidays: [2027-02-14]}]",
            6,
            "not in 2026: 2027-02-14",
        ),
        ("china: {from: 2025, to: 2027}", "years: 7\n    china: {from: 2025, to: 2027}", 6, "years: Input should be"),
        ("china: {from: 2025, to: 2027}", "years: [[7]]\n    china: {from: 2026, to: 2026}", 6, "valid dictionary"),
        (
            "china: {from: 2025, to: 2027}",
            "years: [{year: [7]}]\n    china: {from: 2026, to: 2026}",
            6,
            "valid integer",
        ),
        ("china: {from: 2025, to: 2027}", "zone: Asia/Nowhere", 3, "there is no time zone “Asia/Nowhere”"),
        ("tuesday: *office", "Tuesday: *office", 4, "Tuesday: Extra inputs"),
        ("[08:00-24:00]", "[]", 7, "no weekday has working time"),
        (
            "makeup: []",
            "makeup: []\n    closures: [{since: 2026-07-01, until: 2028-07-01, reason: x}]",
            7,
            "a year at most",
        ),
        ("makeup: []", "makeup: []\n    china: {from: 2026, to: 2026}", 7, "make-up workdays need work spans"),
    ],
)
def test_an_impossible_calendar_is_reported_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    with pytest.raises(BadFile) as caught:
        park_of(tmp_path, old, new)
    # A fault behind an anchor is reported for each of its aliases.
    assert all(reason in problem.en for problem in caught.value.problems), str(caught.value)
    assert min(problem.line for problem in caught.value.problems) == line


@pytest.mark.parametrize(
    "calendars", ["7", "[]", "[7, null]", "{a: 1}", "[{china: 1}]", "[{china: {from: 2026, to: 2026}}]"]
)
def test_a_file_of_another_kind_is_a_bad_file(tmp_path: Path, calendars: str) -> None:
    with pytest.raises(BadFile):
        read_policy(small(tmp_path, "groups:\n", f"calendars: {calendars}\ngroups:\n"))


def test_the_demonstration_counts_by_the_calendar_of_the_park_by_default(demo: Policy) -> None:
    assert [calendar.name for calendar in demo.calendars] == ["park", "duty-desk", "round-the-clock"]
    park = demo.calendar()
    assert park is not None
    assert park.zone == "Asia/Shanghai"
    assert [year.year for year in park.years if year.provisional] == [2027, 2028]
    assert sum(len(year.workdays) for year in park.years if year.year == 2026) == 6
