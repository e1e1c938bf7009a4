"""The forms of commands: every field of every command has a control, and typed values become the command's body."""

from zoneinfo import ZoneInfo

import pytest

from models.commands import HUMAN_COMMAND_MODELS
from models.errors import NotNow, TooLate
from services.commands.send import read_command
from tests.web.views.test_list_address import a_visitor
from web.views.case.actions import MAIN, first_step, sort_actions
from web.views.case.command_forms import control_names, fields_of, known_values
from web.views.case.form_values import body_of, field_of_pointer
from web.views.refusals import refusal_text

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("command", HUMAN_COMMAND_MODELS)
def test_every_field_of_every_command_has_a_control(command: str) -> None:
    model = HUMAN_COMMAND_MODELS[command]
    assert {field.name for field in fields_of(command)} == set(model.model_fields) - {"kind"}
    assert all(field.label for field in fields_of(command))
    assert all(list(control_names(field)) for field in fields_of(command))


def test_moments_are_of_the_readers_zone() -> None:
    body = body_of("request_extension", {"until": ["2026-11-25T10:30"], "reason": [" 等待 "]}, ZONE)
    assert body == {"until": "2026-11-25T10:30:00+08:00", "reason": "等待"}
    assert read_command("request_extension", body).kind == "request_extension"


def test_what_is_left_empty_is_left_out() -> None:
    assert body_of("transfer", {"to_person": [""], "to_department": ["fire"], "reason": ["r"]}, ZONE) == {
        "to_department": "fire",
        "reason": "r",
    }
    assert body_of("complete", {"result": ["好"], "evidence": []}, ZONE) == {"result": "好"}


def test_parts_and_places_are_gathered() -> None:
    given = {"parts.0.category": ["0201"], "parts.0.title": ["一"], "parts.1.category": ["0302"], "reason": ["r"]}
    assert body_of("split", given, ZONE)["parts"] == [{"category": "0201", "title": "一"}]
    moved = {"grid": ["1"], "location.lat": ["38.5"], "location.lon": ["117"], "reason": ["r"]}
    place = body_of("relocate", moved, ZONE)
    assert place["location"] == {"lat": "38.5", "lon": "117"}
    assert read_command("relocate", place).model_dump()["location"] == {"lat": 38.5, "lon": 117.0}


def test_only_the_forms_own_controls_are_kept() -> None:
    assert known_values("comment", {"note": ["x"], "command_id": ["1"], "evil": ["2"]}) == {"note": ["x"]}


def test_pointers_lead_to_fields() -> None:
    assert field_of_pointer("/co_handlers/0") == "co_handlers"
    assert field_of_pointer("") == ""


def test_the_step_a_case_waits_for_is_open_first() -> None:
    assert first_step(("comment", "dispatch", "convene"), mine=False) == "dispatch"
    assert first_step(("claim", "complete", "comment"), mine=False) is None
    assert first_step(("complete", "comment"), mine=True) == "complete"
    sorted_ = sort_actions(("comment", "split", "claim"))
    assert sorted_.main == ("claim", "comment")
    assert sorted_.more == ("split",)
    assert set(MAIN) <= set(HUMAN_COMMAND_MODELS)


def test_refusals_speak_in_words() -> None:
    told = refusal_text(NotNow(command="claim", why_zh="已有人认领", why_en="somebody has claimed it"), a_visitor())
    assert told == "现在不能执行“认领”:已有人认领。"
    late = refusal_text(TooLate(moment="2026-11-25T02:00:00+00:00", limit="2026-11-24T02:00:00+00:00"), a_visitor())
    assert late == "时间 2026-11-25 10:00 超过上限 2026-11-24 10:00。"
    day = refusal_text(TooLate(moment="2126-12-02", limit="2126-12-01"), a_visitor())
    assert day == "时间 2126-12-02 超过上限 2126-12-01。", "a day has no time"


def test_an_appeal_is_chosen_with_its_round() -> None:
    given = {"department": ["labour:2"], "upheld": ["true"], "reason": ["r"]}
    body = body_of("decide_appeal", given, ZONE)
    assert body == {"department": "labour", "round": "2", "upheld": "true", "reason": "r"}
    assert read_command("decide_appeal", body).model_dump()["round"] == 2
    assert body_of("decide_appeal", {"upheld": ["false"]}, ZONE) == {"upheld": "false"}


def test_departments_are_lists_in_every_form() -> None:
    given = {"departments": ["fire", "labour"], "reason": ["r"]}
    for command in ("add_co_handler", "fail_review", "convene"):
        assert body_of(command, given, ZONE)["departments"] == ["fire", "labour"], command
    kept = body_of("redispatch", {"host": ["fire"], "co_handlers": [], "reason": ["r"]}, ZONE)
    assert kept == {"host": "fire", "reason": "r"}, "none chosen keeps those there are"
    part = {"parts.0.title": ["一"], "parts.0.category": ["0201"], "parts.0.severity": ["urgent"]}
    assert body_of("split", part, ZONE)["parts"][0]["severity"] == "urgent"


def test_the_answer_comes_first_in_its_forms() -> None:
    assert [field.name for field in fields_of("complete")] == ["result", "answer", "evidence"]
    assert fields_of("pass_review")[0].name == "answer"


def test_a_proposal_to_void_comes_first_while_it_waits() -> None:
    allowed = ("void", "refuse_void", "grant_return", "refuse_return", "retract", "comment")
    assert sort_actions(allowed).main[0] == "void", "it waits to be confirmed"
    assert "void" in sort_actions(("void", "comment")).more
