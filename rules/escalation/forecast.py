"""The forecast of a case if nobody acts: the rules run forward from now, over the organisation of today."""

from collections.abc import Iterator

from models.case import Case
from models.context import Context
from models.facts import Actor, Fact, Reminded
from models.ids import derived_id
from rules.escalation.urge_orders import automatic_urge
from rules.escalation.wake_ups import due_step, next_wake_up
from rules.evolve import evolve

#: The length of a forecast (our choice): the most steps, and the most daily reminders at its end.
MOST, REMINDERS = 40, 2


def forecast(case: Case, ctx: Context) -> Iterator[Fact]:
    """The facts to come, earliest first, each at the moment it falls due.

    Recipients are those who hold the roles now; in fact they are resolved when a step fires.
    """
    reminders = 0
    for _ in range(MOST):
        moment = next_wake_up(case)
        if moment is None:
            return
        at = max(moment, ctx.now)
        there = ctx.model_copy(update={"now": at})
        body = due_step(case, there, at)
        assert body is not None, "at a wake-up something is due"
        command_id = derived_id(case.report_id, "forecast", case.seq)
        fact = Fact(
            seq=case.seq + 1, at=at, actor=Actor(), command_id=command_id, command="wake_up", digest="", body=body
        )
        case = evolve(case, fact)
        yield fact
        urge = automatic_urge(case, fact, there)
        if urge is not None:
            follows = fact.model_copy(update={"seq": fact.seq + 1, "body": urge})
            case = evolve(case, follows)
            yield follows
        reminders += isinstance(body, Reminded)
        if reminders == REMINDERS:
            return
