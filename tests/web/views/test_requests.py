"""What waits for somebody's word, with why it was asked for."""

from models.facts import Appealed
from models.views import AppealView, FactView
from tests.web.views.test_fact_sentences import AT, a_fact
from web.views.case.requests import appeal_reason


def appealed(department: str, round_: int, reason: str) -> FactView:
    return a_fact(Appealed(department=department, round=round_, reason=reason, remind_at=AT, attachments=()))


def test_each_appeal_has_the_reason_of_its_own_department_and_round() -> None:
    facts = [appealed("fire", 1, "暴雨"), appealed("labour", 1, "审计"), appealed("fire", 2, "停电")]
    for department, round_, reason in (
        ("fire", 1, "暴雨"),
        ("fire", 2, "停电"),
        ("labour", 1, "审计"),
        ("fire", 3, ""),
    ):
        view = AppealView(department=department, name=department, round=round_, by="甲", at=AT, upheld=None)
        assert appeal_reason(view, facts) == reason
    hidden = facts[0].model_copy(update={"body": {"department": "fire", "round": 1}})
    assert appeal_reason(AppealView(department="fire", name="", round=1, by="甲", at=AT, upheld=None), [hidden]) == ""
