"""Limits: how long something may take, in which unit, by which calendar, and from which source."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from models.base import Code, Given, Text
from models.enums import LimitUnit

#: Units that are counted in whole days.
WHOLE_DAYS = frozenset({LimitUnit.LEGAL_WORK_DAY, LimitUnit.NATURAL_DAY})
#: Units that run day and night and need no calendar.
NATURAL = frozenset({LimitUnit.URGENT_HOUR, LimitUnit.NATURAL_DAY})
#: The longest limit of each unit (our choice): ten years of it.
LONGEST: dict[LimitUnit, float] = {
    LimitUnit.URGENT_HOUR: 24 * 3650,
    LimitUnit.WORK_HOUR: 8 * 2500,
    LimitUnit.WORK_DAY_8H: 2500,
    LimitUnit.LEGAL_WORK_DAY: 2500,
    LimitUnit.NATURAL_DAY: 3650,
}
#: By the code of a unit: its longest limit, and whether it counts whole days. Looked up for each case of a list.
_BOUNDS = {unit.value: (longest, unit in WHOLE_DAYS) for unit, longest in LONGEST.items()}


def source_in(source: str, language: str) -> str:
    """Return a source as written, in one of the languages that it is written in."""
    kind, colon, cited = source.partition(": ")
    zh, bar, en = cited.partition(" | ")
    return f"{kind}{colon}{en if bar and language.startswith('en') else zh}"


class Length(Given):
    """An amount of a unit, counted by the calendar of that name (None: the policy's own).

    `moves_on`: a deadline in natural days that falls on a day of rest moves to the end of the next workday
    (民法典 §203); optional, since not every rule adopts it. Other units never end on a day of rest.
    """

    amount: Annotated[float, Field(gt=0)]
    unit: LimitUnit
    calendar: Code | None = None
    moves_on: bool = False

    @model_validator(mode="after")
    def _fits_its_unit(self) -> Self:
        longest, whole = _BOUNDS[str(self.unit)]
        if self.amount > longest:
            raise ValueError(f"{self.amount:g} {self.unit} is too long: {longest:g} at most")
        if whole and self.amount != int(self.amount):
            raise ValueError(f"{self.unit} counts whole days, not {self.amount:g}")
        return self


class Limit(Length):
    """How long a stage may take. `source` begins with `law:`, `standard:` or `our choice`; after ` | ` it may follow in
    English: `law: 工伤保险条例 §20 | Regulation on work injury insurance §20`.

    `ceiling` is the longest that a law allows, counted from the same start: no extension passes it.
    """

    source: Annotated[Text, Field(pattern=r"^(law: .+|standard: .+|our choice)$")] = "our choice"
    ceiling: Length | None = None

    @property
    def is_statutory(self) -> bool:
        """Whether a law sets the limit: no request moves its deadline past the ceiling."""
        return self.source.startswith("law:")

    @classmethod
    def of_hours(cls, hours: float) -> Self:
        """A limit of `hours` that run day and night, with the source "our choice"."""
        return cls(amount=hours, unit=LimitUnit.URGENT_HOUR)


def _natural_hours(value: Any) -> Any:
    if isinstance(value, dict) and "hours" in value:
        rest = {key: entry for key, entry in value.items() if key != "hours"}
        if {"amount", "unit"} & rest.keys():
            raise ValueError("give `hours`, or `amount` and `unit`")
        return {"amount": value["hours"], "unit": LimitUnit.URGENT_HOUR, **rest}
    return value


#: A limit as policies write it: `hours: 2` is short for two hours that run day and night.
WrittenLimit = Annotated[Limit, BeforeValidator(_natural_hours)]
