"""Enterprises, stations, emergencies and referral desks on the command line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.credit_code import check_character
from tests.builders import MICRO
from tests.cli.conftest import Run, answer, refusal

METRICS = '[{"code":"voc","name":"VOC","unit":"mg/m3","above":2,"category":"0201","minutes":0}]'


def at(minutes: float) -> str:
    """A moment so many minutes from now."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def test_an_enterprise_is_loaded_given_a_colour_and_found_by_it(api: Run, tmp_path: Path) -> None:
    code = "91130100MC7700001" + check_character("91130100MC7700001")
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    file = tmp_path / "register.csv"
    file.write_text(f"信用代码,企业名称,网格\n{code},命令行印染,{MICRO}\n")
    assert "columns missing: 统一社会信用代码;" in refusal(api("enterprises", "import", file, "--as", "duty"))
    file.write_text(
        f"统一社会信用代码,企业名称,网格\n{code},命令行印染,{MICRO}\n{wrong},错码,{MICRO}\n{code},重复,{MICRO}\n"
    )
    checked = api("enterprises", "import", file, "--dry-run", "--as", "duty")
    assert checked.exit_code == 1
    assert "could be registered 1 · not registered 2" in checked.output
    for outcome in ("registered 1 · not registered 2", "registered before 1 · not registered 2"):
        loaded = api("enterprises", "import", file, "--as", "duty")
        assert outcome in loaded.output
        assert f"line 3 {wrong}" in loaded.output
        assert "the credit code is that of line 2" in loaded.output
    until = at(60 * 24 * 3)[:10]
    fields = ("colour=red", "reason=约谈", f"until={until}")
    answer(api("enterprises", "act", code, "override_colour", *fields, "--json"))
    assert [one["code"] for one in answer(api("enterprises", "list", "--where", "colour=red", "--json"))["items"]] == [
        code
    ]
    told = api("enterprises", "colour", code).output
    assert "By the rules: ▮▯▯ green" in told
    assert "Set by hand: ▮▮▮ red" in told
    assert "by hand · 约谈" in told
    assert "/query/colour" in refusal(api("enterprises", "list", "--where", "colour=blue"))
    assert "name=value" in refusal(api("enterprises", "list", "--where", "colour"))
    assert "filter at" in refusal(api("enterprises", "colour", code, "--at", "2020-01-01"))


def test_a_station_from_its_registration_to_a_file_of_readings(api: Run, tmp_path: Path) -> None:
    fields = ("code=CLI-1", "name=Gate", f"grid={MICRO}", "medium=air", f"metrics={METRICS}")
    answer(api("stations", "new", *fields, "--as", "duty", "--json"))
    assert "registered already" in refusal(api("stations", "new", *fields, "--as", "duty"))
    key = answer(api("stations", "key", "CLI-1", "--as", "duty", "--json"))["key"]
    file = tmp_path / "readings.csv"
    file.write_text(f"metric,at,value\nvoc,{at(-3)},1.5\nvoc,{at(-2)},1.6\nvoc,{at(60)},1\nso2,{at(-1)},1\n")
    sent = api("stations", "send", "CLI-1", file, "--key", key)
    assert sent.exit_code == 1
    assert "2 stored, 0 late, 0 not plausible, 0 known already, 2 refused" in sent.output
    assert f"{file}:4" in sent.output.replace("\n", "")
    file.write_text(f"监测项,时间,读数\nvoc,{at(-1)},1.7\n", encoding="utf-8")
    assert answer(api("stations", "send", "CLI-1", file, "--key", key, "--json"))["stored"] == 1
    assert len(answer(api("stations", "readings", "CLI-1", "voc", "--as", "worker", "--json"))["items"]) == 3
    assert "1.7 mg/m3" in api("stations", "now", "CLI-1", "--as", "worker").output
    assert "key is missing" in refusal(api("stations", "send", "CLI-1", file, "--key", "glst_wrong"))
    assert "CLI-1" in api("stations", "list", "--as", "worker").output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b,c\n1,2,3\n", "metric"),
        ("metric,at,value\nvoc,yesterday,1\n", "time"),
        ("metric,at,value\nvoc,2026-01-01 08:00,many\n", ":2"),
        ("metric,at,value\n", "no rows"),
        ("", ""),
    ],
)
def test_a_file_that_makes_no_readings_sends_nothing(api: Run, tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content)
    assert said in refusal(api("stations", "send", "CLI-1", file, "--key", "x"))
    assert "no file" in refusal(api("stations", "send", "CLI-1", tmp_path / "none.csv", "--key", "x"))


def test_a_slot_is_booked_once(api: Run, tmp_path: Path) -> None:
    sittings = '[{"weekday":1,"start":"09:00","end":"10:00"}]'
    fields = (
        "code=LAW-CLI", "name=Lawyers", f"grid={MICRO}", "desk_kind=lawyer", "place=Room 2",
        'persons=[{"name":"A lawyer"}]', f"sittings={sittings}",
    )  # fmt: skip
    answer(api("referral-desks", "new", *fields, "--as", "duty", "--json"))
    slots = answer(api("referral-desks", "slots", "LAW-CLI", "--json"))["items"]
    free = [slot["at"] for slot in slots if slot["free"] and not slot["passed"]]
    case = answer(api("report", "--category", "0201", "--title", "wages", "--grid", MICRO, "--as", "worker", "--json"))
    booked = answer(api("referral-desks", "book", "LAW-CLI", free[0], case["case_no"], "--json"))
    assert booked["details"]["bookings"][0]["case_no"] == case["case_no"]
    assert "has a slot" in refusal(api("referral-desks", "book", "LAW-CLI", free[1], case["case_no"]))
    assert "no such slot" not in api("referral-desks", "slots", "LAW-CLI", "--free").output
    file = tmp_path / "day.ics"
    assert api("referral-desks", "ics", "LAW-CLI", free[0][:10], file).exit_code == 0
    assert file.read_bytes().startswith(b"BEGIN:VCALENDAR")


def test_emergencies_say_what_is_missing(api: Run) -> None:
    case = answer(api("report", "--category", "0201", "--title", "wages", "--grid", MICRO, "--as", "worker", "--json"))
    assert "no plan fits" in refusal(api("emergencies", "begin", case["case_no"]))
    assert "no emergency plan x" in refusal(api("emergencies", "begin", case["case_no"], "--plan", "x"))
    assert answer(api("emergencies", "mine", "--json"))["items"] == []
    assert "E1" in refusal(api("emergencies", "told", "E1"))
