"""Restart the workflow of a case from its facts, when the old workflow is lost."""

from collections.abc import Sequence

from models.case import Case
from models.commands import Report
from models.facts import Fact, Received
from models.messages import CaseStart
from models.sealed import Sealed

#: How many command ids are passed to the new run, so that it recognises a resent command.
REMEMBERED_COMMANDS = 200


def restart(case: Case, facts: Sequence[Fact], sealed: Sealed | None = None) -> CaseStart:
    """The input of a new run that continues the case after `facts`, which are all of its facts; `sealed` is the
    reporter's record, for the new history to hold.

    Raises ValueError when they do not lead to `case`: a damaged record must not be used.
    """
    if not facts or [fact.seq for fact in facts] != list(range(1, case.seq + 1)):
        raise ValueError(f"the facts of case {case.case_no} do not add up to it")
    received = facts[0].body
    if not isinstance(received, Received):
        raise ValueError(f"case {case.case_no} does not begin with its report")
    ids = list(dict.fromkeys(fact.command_id for fact in facts))
    report = original_report(received).model_copy(update={"sealed": sealed})
    return CaseStart(report=report, actor=facts[0].actor, case=case, done=tuple(ids[-REMEMBERED_COMMANDS:]))


def original_report(received: Received) -> Report:
    """The report that the fact records. What was answered stays in the fact: there it is as it was understood."""
    return Report(
        **{
            name: getattr(received, name)
            for name in Report.model_fields
            if name in Received.model_fields and name not in ("kind", "sealed", "answers")
        },
    )
