"""The tiny policy of `tests.builders`, with everything that time can do: calendars, standards, ladders, urge orders.

Office hours are 08:30–12:00 and 13:30–18:00, Monday to Friday, in Shanghai; 2026 has its spring festival and one
make-up Saturday, 2027 is not published.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from models.enums import EscalationMode, Level, LimitUnit, Role, Severity, UrgeKind
from models.policy.calendar import Calendar, CalendarYear
from models.policy.document import Category, Policy
from models.policy.limits import Length, Limit
from models.policy.standard import Ladder, Repeat, Rung, Standard, Target, UrgeRule
from tests.builders import a_policy

OFFICE_SPANS = ("08:30-12:00", "13:30-18:00")
SPRING_FESTIVAL = tuple(date(2026, 2, day) for day in (16, 17, 18, 19, 20, 23))
MAKE_UP_SATURDAY = date(2026, 2, 14)


def office(**changed: Any) -> Calendar:
    """Office hours."""
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday")
    known: dict[str, Any] = {
        "name": "office",
        "week": dict.fromkeys(weekdays, OFFICE_SPANS),
        "makeup": OFFICE_SPANS,
        "years": (CalendarYear(year=2026, holidays=SPRING_FESTIVAL, workdays=(MAKE_UP_SATURDAY,)),),
    }
    return Calendar.model_validate({**known, **changed})


def length(amount: float, unit: LimitUnit = LimitUnit.WORK_HOUR) -> Length:
    """So much of a unit, work hours unless said otherwise."""
    return Length(amount=amount, unit=unit)


def limit(amount: float, unit: LimitUnit = LimitUnit.WORK_HOUR, **more: Any) -> Limit:
    """A limit of so much of a unit."""
    return Limit(amount=amount, unit=unit, **more)


def to(role: Role, level: Level, mode: EscalationMode = EscalationMode.INFORM) -> Target:
    """A role at a level."""
    return Target(role=role, level=level, mode=mode)


ACT = EscalationMode.ACT
#: Half way the host is told, then the four levels climb; nobody in the tiny park is a supervisor of a grid.
CLIMB = Ladder(
    code="climb",
    rungs=(
        Rung(fraction=0.5, targets=(Target(host=True),)),
        Rung(fraction=1, targets=(to(Role.GRID_WORKER, Level.GRID, ACT), Target(host=True))),
        Rung(fraction=1.5, targets=(to(Role.SUPERVISOR, Level.GRID, ACT),)),
        Rung(after=length(2), targets=(to(Role.SUPERVISOR, Level.PARK, ACT), to(Role.VOLUNTEER, Level.MICRO_GRID))),
    ),
    repeat=Repeat(times=2, every=length(4)),
    acknowledged_for=length(8),
)
#: For those who owe an answer.
CALL = Ladder(code="call", rungs=(Rung(fraction=1, targets=(to(Role.SUPERVISOR, Level.PARK),)),))

EVERYDAY = Standard(
    code="everyday",
    accept=limit(2),
    dispatch=limit(2),
    handle=limit(8, source="standard: a city's table", ceiling=length(40)),
    review=limit(8),
    ladder="climb",
)
LAWFUL = Standard(
    code="lawful",
    accept=limit(5, LimitUnit.LEGAL_WORK_DAY, source="law: 劳动保障监察条例 §17"),
    dispatch=limit(1, LimitUnit.LEGAL_WORK_DAY),
    handle=limit(10, LimitUnit.LEGAL_WORK_DAY),
    review=limit(2, LimitUnit.WORK_DAY_8H),
    whole=limit(60, LimitUnit.LEGAL_WORK_DAY, source="law: 劳动保障监察条例 §17"),
    ladder="climb",
)
AT_ONCE = Standard(
    code="at-once",
    accept=limit(0.25, LimitUnit.URGENT_HOUR),
    dispatch=limit(0.25, LimitUnit.URGENT_HOUR),
    handle=limit(2, LimitUnit.URGENT_HOUR),
    review=limit(4, LimitUnit.URGENT_HOUR),
    ladder="climb",
)
SMALL = EVERYDAY.model_copy(update={"code": "small", "first_level": Level.MICRO_GRID})


def conditions(*found: tuple[str, str, tuple[Severity, ...]]) -> tuple[dict[str, Any], ...]:
    """Opening conditions as (code, standard, severities)."""
    return tuple(
        {"code": code, "name_zh": code, "name_en": code, "standard": standard, "severities": severities}
        for code, standard, severities in found
    )


def a_timed_policy(**changed: Any) -> Policy:
    """0103 everyday, at once when urgent, small on request; 0201 by law; 0301 and 0302 everyday."""
    plain = a_policy()
    urgent = (Severity.URGENT, Severity.MAJOR)
    opened = {
        "0103": conditions(("blocked", "at-once", urgent), ("narrowed", "everyday", ()), ("small", "small", ())),
        "0201": conditions(("wages", "lawful", ())),
        "0301": conditions(("gas", "everyday", ())),
        "0302": conditions(("discharge", "everyday", ())),
    }
    categories = tuple(
        Category.model_validate({**category.model_dump(), "limits": None, "conditions": opened[category.code]})
        for category in plain.categories
    )
    known: dict[str, Any] = {
        **plain.model_dump(),
        "categories": [category.model_dump() for category in categories],
        "calendars": [office().model_dump()],
        "standards": [standard.model_dump() for standard in (EVERYDAY, LAWFUL, AT_ONCE, SMALL)],
        "ladders": [CLIMB.model_dump(), CALL.model_dump()],
        "urges": {kind: UrgeRule(reply=length(4), ladder="call").model_dump() for kind in UrgeKind},
    }
    return Policy.model_validate({**known, **changed})


def a_hasty_policy() -> Policy:
    """Everything within seconds, day and night: two steps up, an acknowledgement of a second, reminders at once."""

    def seconds(amount: float) -> Limit:
        return limit(amount / 3600, LimitUnit.URGENT_HOUR)

    hasty = Standard(
        code="hasty", accept=seconds(3), dispatch=seconds(3), handle=seconds(3), review=seconds(3), ladder="hasty"
    )
    ladder = Ladder(
        code="hasty",
        rungs=(
            Rung(fraction=1.2, targets=(to(Role.SUPERVISOR, Level.COMMUNITY, ACT),)),
            Rung(after=seconds(5), targets=(to(Role.SUPERVISOR, Level.PARK, ACT),)),
        ),
        acknowledged_for=seconds(2),
    )
    call = CALL.model_copy(update={"rungs": (Rung(fraction=1, targets=(to(Role.SUPERVISOR, Level.PARK),)),)})
    return a_timed_policy(
        categories=[
            {**category.model_dump(), "conditions": conditions(("any", "hasty", ()))}
            for category in a_timed_policy().categories
        ],
        standards=[hasty.model_dump()],
        ladders=[ladder.model_dump(), call.model_dump()],
        urges={kind: UrgeRule(reply=seconds(2), ladder="call").model_dump() for kind in UrgeKind},
        remind_hours=1 / 3600,
    )


def a_stormy_policy() -> Policy:
    """The timed policy, with the park closed by a typhoon for days from yesterday on."""
    today = datetime.now(UTC).date()
    closure = {"since": today - timedelta(days=1), "until": today + timedelta(days=5), "reason": "台风"}
    return a_timed_policy(calendars=[office(closures=(closure,)).model_dump()])
