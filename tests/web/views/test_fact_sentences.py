"""Facts of the timeline in words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from models.views import ActorView, FactView
from tests.web.views.test_list_address import a_visitor
from web.views.case.fact_sentences import fact_lines


def an_urge_order(**body: Any) -> FactView:
    actor = ActorView(kind="system", id=None, name="系统")
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return FactView(seq=9, at=at, kind="urged", command="due", actor=actor, body={"urge_kind": "ordinary", **body})


@pytest.mark.parametrize(
    ("language", "label", "cause"), [("zh", "起因", "最高层级仍超期"), ("en", "Cause", "overdue at the top level")]
)
def test_an_order_of_the_system_says_its_cause_once_in_the_readers_language(
    language: str, label: str, cause: str
) -> None:
    by_itself = an_urge_order(cause="overdue_at_the_top", note="已升至最高层级仍超期 · overdue at the top level")
    (told,) = fact_lines([by_itself], {}, a_visitor(language))
    assert [text for _, text in told.details if "overdue" in text or "超期" in text] == [cause]
    assert (label, cause) in told.details


def test_an_order_of_a_person_has_its_note() -> None:
    (told,) = fact_lines([an_urge_order(note="请今天办结")], {}, a_visitor())
    assert ("说明", "请今天办结") in told.details
