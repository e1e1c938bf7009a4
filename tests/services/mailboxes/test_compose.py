"""What the lines of a message say."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from infra.store.mail.write import StoredMessage
from models.mailbox import ItemDetail, MessageForm
from services.mailboxes.compose import Line, Voice, without_repeats
from tests.builders import a_policy

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)


def a_line(origin: UUID, what: str, at: datetime = AT) -> Line:
    detail = ItemDetail(what=what, number=f"G-{origin.int}", category="0201", due_at=at)
    return Line(origin, "case", detail)


def a_message(form: MessageForm, amount: int) -> StoredMessage:
    return StoredMessage(
        id=UUID(int=9), person=UUID(int=8), form=form, urgent=False, at=AT, channels=("mail",), place=None,
        amount=amount, named=(), repeats=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("form", "amount", "kept"),
    [(MessageForm.DIGEST, 4, [0, 1, 3, 4]), (MessageForm.SECOND, 4, [0, 1, 3, 4]), (MessageForm.SUMMARY, 5, range(5))],
)
def test_no_line_says_what_another_has_said(form: MessageForm, amount: int, kept: list[int]) -> None:
    """Two steps of one ladder read alike; a summary of a storm counts all that came."""
    voice = Voice("zh", ZoneInfo("Asia/Shanghai"), a_policy())
    lines = [
        a_line(FIRST, "step_fired"), a_line(SECOND, "step_fired"), a_line(FIRST, "step_fired"),
        a_line(FIRST, "step_fired", AT.replace(hour=5)), a_line(FIRST, "handle"),
    ]  # fmt: skip
    told, left = without_repeats(a_message(form, 5), lines, voice)
    assert (told.amount, left) == (amount, [lines[n] for n in kept])
