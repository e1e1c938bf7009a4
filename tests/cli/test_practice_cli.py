"""`act` with the commands that move a case on, and `show` with what they leave, against a served API."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.harness import a_picture
from tests.builders import ENVIRONMENT, FIRE, LABOUR
from tests.cli.conftest import Run, answer, refusal
from tests.cli.test_cases_cli import a_case, handled


def act(api: Run, case_no: str, username: str, command: str, *fields: str) -> Any:
    return answer(api("act", case_no, command, *fields, "--as", username, "--json"))


def test_a_dispatch_is_put_right(api: Run) -> None:
    no = handled(api)
    moved = act(api, no, "duty", "redispatch", f"host={FIRE}", f"co_handlers={LABOUR}, {ENVIRONMENT}", "reason=wrong")
    assert (moved["host"], [helper["department"] for helper in moved["co_handlers"]]) == (FIRE, [LABOUR, ENVIRONMENT])
    act(api, no, "duty", "release_co_handler", f"department={ENVIRONMENT}", "reason=not theirs")
    act(api, no, "fire_head", "add_co_handler", f"departments={ENVIRONMENT}", "note=needed")
    act(api, no, "supervisor", "escalate", "to_level=community", "reason=stuck")
    assert act(api, no, "supervisor", "escalate", "to_level=1", "reason=stuck")["level"] == 1
    shown = api("show", no).stdout
    assert "Co-handlers" in shown
    assert "Labour bureau (awaited)" in shown
    assert act(api, no, "supervisor", "recall", "reason=meet first")["stage"] == "dispatch"
    assert act(api, no, "duty", "send_back", "reason=unclear")["stage"] == "receive"


def test_a_verification_is_asked_for_and_reported(api: Run, tmp_path: Path) -> None:
    no = str(a_case(api)["case_no"])
    act(api, no, "duty", "request_verification", "question=Still there?", "report_by=+3h")
    assert "verification" in api("show", no).stdout
    assert "to verify on the spot" in api("inbox", "--as", "worker").stdout
    photo = tmp_path / "place.png"
    photo.write_bytes(a_picture("red"))
    found = act(api, no, "worker", "report_verification", "confirmed=false", "note=Gone", f"attachments=@{photo}")
    assert (found["requests"], len(found["attachments"])) == ([], 1)


def test_requests_show_until_they_are_decided(api: Run) -> None:
    no = handled(api)
    act(api, no, "labour_handler", "request_suspension", "until=+10d", "reason=expertise")
    act(api, no, "labour_head", "transfer", f"to_department={FIRE}", "reason=theirs")
    shown = api("show", no).stdout
    for words in (
        "Requests that await a decision or an answer",
        "suspension",
        "transfer",
        "人社处置员",
        FIRE,
        "Decide by",
    ):
        assert words in shown, words
    act(api, no, "labour_handler", "retract", "request=suspension")
    act(api, no, "fire_handler", "refuse_transfer", "reason=not ours")
    assert answer(api("show", no, "--json"))["case"]["requests"] == []
    act(api, no, "supervisor", "urge", "reply_by=+4h", "note=hurry")
    assert "awaited" in api("show", no).stdout
    act(api, no, "supervisor", "cancel_urge", "urge=1", "reason=mistaken")
    assert "ended unanswered" in api("show", no).stdout


def test_a_completion_answers_the_reporter(api: Run) -> None:
    no = str(answer(api("report", "--category", "0201", "--title", "Unpaid", "--grid", "130172100001001001", "--as",
                        "reporter", "--json"))["case_no"])  # fmt: skip
    act(api, no, "duty", "accept")
    act(api, no, "duty", "dispatch", f"host={LABOUR}")
    act(api, no, "labour_handler", "complete", "result=Fined", "answer=All wages were paid [today].")
    act(api, no, "reviewer", "assign_reviewer", "person=supervisor", "reason=kin")
    assert "园区督查员" in api("show", no).stdout
    act(api, no, "supervisor", "pass_review", "answer=All wages were paid.")
    shown = api("show", no).stdout
    assert "answer: All wages were paid [today]." in shown
    assert "closed · round 1 · solved" in shown
    act(api, no, "reporter", "request_reopen", "reason=again")
    assert act(api, no, "duty", "grant_reopen")["round"] == 2
    clocks = api("show", no).stdout
    for words in ("Clock", "receive", "handle", "72 hours round the clock"):
        assert words in clocks, words


def test_cases_are_merged_and_taken_out_again(api: Run) -> None:
    lead, member = str(a_case(api)["case_no"]), str(a_case(api)["case_no"])
    act(api, member, "duty", "merge", f"into={lead}", "reason=same")
    assert f"Merged into  {lead}" in api("show", member).stdout
    back = act(api, member, "duty", "unmerge", "reason=not the same")
    assert (back["stage"], back["merged_into"]) == ("receive", None)


def test_what_is_shown_is_in_the_readers_language(api: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    no = handled(api)
    act(api, no, "labour_handler", "return", "reason=非职责")
    monkeypatch.setenv("GRIDLOOP_LANG", "zh")
    shown = api("show", no).stdout
    assert "由督查员批准" not in shown
    act(api, no, "labour_handler", "request_suspension", "until=+3d", "reason=停产")
    assert "挂账(由督查员批准)" in "".join(api("show", no, "--as", "duty").stdout.split())
    for words in ("待裁定或答复的申请", "退单", "须裁定于", "计时", "72 小时"):
        assert words in shown, words
    told = refusal(api("act", no, "retract", "--as", "labour_head"))
    assert "需要 申请人本人" in told


BAD = [
    ("duty", ("redispatch", f"host={LABOUR}", "reason=x"), "/host Nothing would change."),
    ("duty", ("redispatch", "host=", "reason=x"), "/host"),
    ("duty", ("redispatch", "reason=x"), "/host is required"),
    ("duty", ("redispatch", f"host={FIRE}", f"co_handlers={FIRE}", "reason=x"), "The host cannot be a co-handler"),
    ("duty", ("release_co_handler", f"department={FIRE}", "reason=x"), "there are no co-handlers"),
    ("duty", ("recall",), "/reason is required"),
    ("duty", ("unmerge", "reason=x"), "the case is not merged"),
    ("supervisor", ("escalate", "to_level=sky", "reason=x"), "/to_level"),
    ("supervisor", ("escalate", "to_level=micro_grid", "reason=x"), "A case is escalated upwards only"),
    ("labour_handler", ("retract",), "no request awaits a decision"),
    ("labour_handler", ("complete", "result=x", "answer=<b>Paid</b>"), "must be plain text without HTML tags"),
    ("labour_handler", ("complete", "result=x", f"answer={'x' * 10_001}"), "at most 10000 characters"),
    ("duty", ("report_verification", "confirmed=maybe", "note=x"), "confirmed should be true or false"),
    ("duty", ("assign_reviewer", "person=reviewer", "reason=x"), "cannot be done in stage “handle”"),
]


def test_a_bad_command_says_why(api: Run) -> None:
    no = handled(api)
    before = answer(api("show", no, "--json"))["case"]["revision"]
    for username, words, told in BAD:
        assert told in refusal(api("act", no, *words, "--as", username)), words
    assert answer(api("show", no, "--json"))["case"]["revision"] == before
