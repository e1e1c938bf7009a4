"""`report`, `show`, `list`, `act`, `inbox`: people's work on the command line, against a served API."""

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import typer

from cli import formatting
from infra.embedded.ports import free_ports
from infra.runtime import write_runtime
from models.commands import HUMAN_COMMAND_MODELS
from tests.api.harness import a_picture
from tests.builders import GRID, LABOUR, MICRO, MICRO_2, PASSWORD
from tests.cli.conftest import Run, Served, answer, refusal

WAGES = ("--category", "0201", "--title", "Three months unpaid", "--as", "worker", "--json")


def a_case(api: Run, *more: str) -> Any:
    return answer(api("report", *WAGES, *more, *(() if "--grid" in more else ("--grid", MICRO))))


def handled(api: Run) -> str:
    """A case in the hands of labour."""
    no = str(a_case(api)["case_no"])
    answer(api("act", no, "accept", "--json"))
    answer(api("act", no, "dispatch", f"host={LABOUR}", "--json"))
    return no


def picture(folder: Path, colour: str = "red") -> Path:
    file = folder / f"{colour}.png"
    file.write_bytes(a_picture(colour))
    return file


# --- report -----------------------------------------------------------------------------------------------------------


def test_a_report_with_every_field(api: Run, tmp_path: Path) -> None:
    first, second = picture(tmp_path), picture(tmp_path, "blue")
    view = a_case(
        api, "--lat", "38.005", "--lon", "117.005", "--description", "Thirty workers", "--severity", "urgent",
        "--photo", str(first), "--photo", str(second), "--occurred-at", "-2h", "--reporter-name", "Zhang",
        "--reporter-phone", "13900000000", "--anonymous",
    )  # fmt: skip
    assert (view["title"], view["description"], view["severity"]) == ("Three months unpaid", "Thirty workers", "urgent")
    assert view["location"] == {"lat": 38.005, "lon": 117.005}
    assert len(view["attachments"]) == 2
    assert view["reporter"]["anonymous"]
    assert view["reporter"]["contact_kept"]
    ago = datetime.now(UTC) - datetime.fromisoformat(view["occurred_at"])
    assert timedelta(hours=2) <= ago < timedelta(hours=2, minutes=1)


def test_a_place_is_enough(api: Run) -> None:
    view = answer(api("report", *WAGES, "--lat", "38.005", "--lon", "117.015"))
    assert view["grid"]["code"] == MICRO_2


def test_a_report_sent_again_is_the_same_case(api: Run) -> None:
    report_id = str(uuid4())
    first, again = (a_case(api, "--report-id", report_id) for _ in range(2))
    assert first["case_no"] == again["case_no"]


def test_a_report_is_shown_to_people(api: Run) -> None:
    result = api("report", "--category", "0201", "--title", "Odd [bold] title [/x]", "--grid", MICRO, "--as", "worker")
    assert result.exit_code == 0, result.output
    for words in ("Odd [bold] title [/x]", "receive · round 1", "green ■", "Wage dispute", f"({MICRO})", "东一社区"):
        assert words in result.stdout, words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--category", "9999"), "There is no category 9999. /category"),
        (("--severity", "awful"), "/severity"),
        (("--grid", "999"), "/grid There is no grid unit 999"),
        (("--photo", "nowhere.png"), "no file nowhere.png"),
        (("--lat", "38.005"), "a place takes both --lat and --lon"),
        (("--lat", "nan", "--lon", "117.005"), "a place takes both --lat and --lon"),
        (("--occurred-at=-99999999999d",), "is beyond any calendar"),
        (("--occurred-at", "yesterday"), "“yesterday” is no time"),
        (("--occurred-at", "2999-01-01"), "/occurred_at The time 2999-01-01T00:00:00+08:00 is in the future."),
    ],
)
def test_a_bad_report_names_the_field(api: Run, words: tuple[str, ...], told: str) -> None:
    result = api("report", *WAGES, "--grid", MICRO, *words)
    assert told in refusal(result)


# --- looking ----------------------------------------------------------------------------------------------------------


def test_a_case_is_shown_with_its_timeline(api: Run) -> None:
    no = handled(api)
    answer(api("act", no, "comment", "note=see [/here]", "--json"))
    shown = api("show", no)
    assert shown.exit_code == 0, shown.output
    view = answer(api("show", no, "--json"))
    zone = ZoneInfo("Asia/Shanghai")
    due = datetime.fromisoformat(view["case"]["due_at"]).astimezone(zone)
    for words in (no, "handle · round 1", "Labour bureau", "dispatched", "园区受理员", "see [/here]",
                  f"{due:%Y-%m-%d %H:%M}"):  # fmt: skip
        assert words in shown.stdout, words
    assert [fact["kind"] for fact in view["facts"]] == ["received", "accepted", "dispatched", "commented"]
    assert view["case"]["stage"] == "handle"


def test_the_timeline_is_in_the_readers_language(api: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    no = handled(api)
    monkeypatch.setenv("GRIDLOOP_LANG", "zh")
    shown = api("show", no).stdout
    assert "已派遣" in shown
    assert "处置 · 第 1 轮" in shown
    assert "人社局" in shown
    told = refusal(api("act", no, "accept"))
    assert "环节执行" in told


def test_a_list_is_filtered_and_paged(api: Run) -> None:
    mark = uuid4().hex
    numbers = [a_case(api, "--description", mark)["case_no"] for _ in range(3)]
    wanted = ("list", "--search", mark, "--stage", "receive", "--stage", "closed", "--grid", GRID, "--category", "02",
              "--light", "green", "--not-overdue", "--sort", "reported_at", "--limit", "2")  # fmt: skip
    first = answer(api(*wanted, "--json"))
    assert ([item["case_no"] for item in first["items"]], first["total"]) == (numbers[:2], 3)
    second = answer(api(*wanted, "--cursor", first["next_cursor"], "--json"))
    assert ([item["case_no"] for item in second["items"]], second["next_cursor"]) == (numbers[2:], None)
    shown = api(*wanted).stdout
    assert numbers[0] in shown
    assert "3 cases in all" in shown
    assert f"--cursor {first['next_cursor']}" in shown
    assert answer(api("list", "--search", mark, "--department", LABOUR, "--json"))["total"] == 0
    assert answer(api("list", "--search", mark, "--overdue", "--json"))["total"] == 0


def test_an_inbox_shows_what_is_to_be_done(api: Run) -> None:
    no = handled(api)
    items = answer(api("inbox", "--as", "labour_handler", "--json"))
    assert ("handle", no) in [(item["task"], item["case"]["case_no"]) for item in items]
    shown = api("inbox", "--as", "labour_handler").stdout
    assert no in shown
    assert "handle" in shown
    assert no not in api("inbox", "--as", "fire_handler").stdout


# --- acting -----------------------------------------------------------------------------------------------------------


def test_fields_of_every_sort_can_be_typed(api: Run, tmp_path: Path) -> None:
    no = str(a_case(api)["case_no"])
    later = answer(api("act", no, "urge", "reply_by=+90m", "note=Please hurry", "--as", "supervisor", "--json"))
    ahead = datetime.fromisoformat(later["urges"][0]["reply_by"]) - datetime.now(UTC)
    assert timedelta(minutes=88) < ahead <= timedelta(minutes=90)
    answer(api("act", no, "accept", "--json"))
    answer(api("act", no, "convene", "departments=fire, environment", "meet_at=+1d", "note=Meet", "--json"))
    view = answer(api("act", no, "dispatch", "host=labour", "co_handlers=fire", "note=a=b", "--json"))
    assert [helper["department"] for helper in view["co_handlers"]] == ["fire"]
    answer(api("act", no, "report_progress", "note=Seen", "interim=false", "--as", "fire_handler", "--json"))
    photo = picture(tmp_path)
    until = (datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=5)).replace(tzinfo=None, microsecond=0)
    asked = answer(
        api(
            "act", no, "request_extension", f"until={until.isoformat()}", "reason=x", "--as", "labour_handler", "--json"
        )
    )
    told = datetime.fromisoformat(asked["requests"][0]["until"])
    assert told.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None) == until
    done = answer(api("act", no, "complete", "result=Paid", f"evidence=@{photo}", "--as", "labour_handler", "--json"))
    assert (done["stage"], len(done["attachments"])) == ("review", 1)
    answer(api("act", no, "pass_review", "--as", "reviewer", "--json"))
    assert answer(api("act", no, "rate", "score=4", "--as", "worker", "--json"))["rating"] == 4


def test_structured_values_are_typed_as_json(api: Run) -> None:
    no = str(a_case(api)["case_no"])
    parts = json.dumps([{"category": "0302", "title": "Smell, at night"}])
    answer(api("act", no, "split", f"parts={parts}", "reason=two matters", "--json"))
    place = '{"lat": 38.001, "lon": 117.016}'
    moved = answer(api("act", no, "relocate", f"grid={MICRO_2}", f"location={place}", "reason=x", "--json"))
    assert moved["location"] == json.loads(place)
    noted = answer(api("act", no, "comment", "note=[as it is", "--json"))
    assert noted["revision"] > moved["revision"]
    assert "parts is not valid JSON" in refusal(api("act", no, "split", "parts=[{", "reason=x"))


def test_a_command_sent_again_counts_once(api: Run) -> None:
    no = str(a_case(api)["case_no"])
    key = ("--command-id", str(uuid4()))
    first, again = (answer(api("act", no, "comment", "note=once", *key, "--json")) for _ in range(2))
    assert first["revision"] == again["revision"] == 2


def test_a_stale_revision_is_refused(api: Run) -> None:
    no = str(a_case(api)["case_no"])
    assert answer(api("act", no, "comment", "note=x", "--revision", "1", "--json"))["revision"] == 2
    assert "it is at revision 2, you saw 1" in refusal(api("act", no, "accept", "--revision", "1"))


def test_an_unknown_command_is_answered_with_those_there_are(run: Run) -> None:
    told = refusal(run("act", "1", "approve"))
    assert "no command approve" in told
    for name in HUMAN_COMMAND_MODELS:
        assert name in told


def test_a_bad_command_says_why(api: Run) -> None:
    no = str(a_case(api)["case_no"])
    for words, told in (
        (("dispatch", f"host={LABOUR}"), "“dispatch” cannot be done in stage “receive”."),
        (("reject", "reason=x"), "/right_channel is required"),
        (("accept", "colour=red"), "/colour"),
        (("accept", "note"), "“note” should be name=value"),
        (("urge", "reply_by=soon", "note=x"), "“soon” is no time"),
        (("attach", "attachments=@nowhere[/x].png"), "no file nowhere[/x].png"),
        (("pass_review",), "“pass the review” cannot be done in stage “receive”."),
        (("rate", "score=9"), "/score"),
    ):
        who = "supervisor" if words[0] == "urge" else "reviewer" if "review" in words[0] else "duty"
        assert told in refusal(api("act", no, *words, "--as", who)), words


def test_missing_and_hidden_cases_are_reported(api: Run) -> None:
    no = str(a_case(api)["case_no"])
    assert f"There is no case {no}." in refusal(api("show", no, "--as", "other_duty"))
    assert "There is no case 7." in refusal(api("show", "7"))
    for odd in (f"{no}?x=1", f"{no}/facts", f"{no}#", "../me"):  # one name, whatever is in it
        told = refusal(api("show", odd))
        assert "There is no" in told
        assert odd in told
    assert "the number is empty" in refusal(api("show", ""))
    assert "You may not do “accept”" in refusal(api("act", no, "accept", "--as", "auditor"))
    assert "/query/cursor" in refusal(api("list", "--cursor", "[/bold]"))


def test_an_unknown_zone_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GRIDLOOP_ZONE", "Mars/Olympus")
    with pytest.raises(typer.Exit):
        formatting._read_zone()
    assert "Mars/Olympus" in capsys.readouterr().err


# --- signing in, and finding the system -------------------------------------------------------------------------------


def test_a_password_is_prompted_for_or_known(api: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRIDLOOP_PASSWORD")
    asked = api("list", "--data-dir", tmp_path, input=f"{PASSWORD}\n")
    assert asked.exit_code == 0, asked.output
    assert "Password of duty" in asked.output
    assert PASSWORD not in asked.output
    accounts = [{"username": "duty", "password": PASSWORD, "roles": []}]
    (tmp_path / "demo-accounts.json").write_text(json.dumps(accounts))
    answer(api("list", "--json", "--data-dir", tmp_path))
    assert "user name or the password is wrong" in refusal(api("list", "--password", "wrong"))


def test_the_running_system_is_found_by_its_data_directory(run: Run, served: Served, tmp_path: Path) -> None:
    write_runtime(tmp_path, {"GRIDLOOP_WEB_URL": served.url})
    assert "GRIDLOOP_WEB_URL" not in os.environ
    answer(run("list", "--json", "--data-dir", tmp_path, "--password", PASSWORD))


def test_without_a_system_the_error_says_how_to_start_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the system is not running; start it with: make up" in refusal(run("list", "--data-dir", tmp_path))
    monkeypatch.setenv("GRIDLOOP_WEB_URL", f"http://127.0.0.1:{free_ports(1)[0]}")
    assert "cannot reach the system" in refusal(run("list", "--data-dir", tmp_path, "--password", "x"))


def test_another_server_at_that_address_is_reported(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("GRIDLOOP_WEB_URL", f"http://127.0.0.1:{other.getsockname()[1]}")

        def answer_once() -> None:
            caller, _ = other.accept()
            with caller:
                caller.recv(65536)
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nHello")

        server = Thread(target=answer_once)
        server.start()
        assert "is no Gridloop" in refusal(run("list", "--data-dir", tmp_path, "--password", "x"))
        server.join()


def test_every_command_explains_itself(run: Run) -> None:
    whole = run("--help")
    for name in (
        "up", "report", "show", "list", "act", "inbox", "import", "bench", "grids", "people", "policy",
    ):  # fmt: skip
        assert f" {name} " in whole.output
        helped = run(name, "--help")
        assert helped.exit_code == 0
        assert "Usage:" in helped.output, name
        assert len(helped.output) > 200


def test_answers_narrow_the_list_and_are_counted(api: Run) -> None:
    gas = ("report", "--category", "0301", "--title", "Counted gas", "--grid", MICRO, "--as", "worker", "--json")
    for smell in ("sour", "egg"):
        answer(api(*gas, "--answer", f"smell={smell}", "--answer", "still=no"))
    (one,) = answer(api("list", "--search", "Counted gas", "--answer", "smell=egg", "--json"))["items"]
    assert one["title"] == "Counted gas"
    counts = answer(api("answers", "--search", "Counted gas", "--category", "03", "--json"))["questions"]
    assert {one["question"]: one["answered"] for one in counts} == {"smell": 2, "still": 2}
    shown = api("answers", "--search", "Counted gas").stdout
    assert "rotten egg" in shown
    assert "50%" in shown
    assert "no answers" in api("answers", "--search", "nothing like it").stdout
    assert "answer" in refusal(api("answers", "--answer", "smell"))
