"""The second step of the public form: the questions of the category, without scripts."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from doors.dependencies import Services
from models.answers import Asked
from models.policy.questions import Door, Question
from services.directory.people import list_categories
from services.directory.views import CategoryView
from web.views.questions import ANSWERS, given_answers, shown_answers

#: What belongs to the steps of the form, not to the report.
_STEPS = frozenset({"asked", "stopped", "revise", "kept", "website"})


@dataclass(frozen=True)
class Questions:
    """What is asked of a category. `given`: the texts of each control, by name; `stops`: whose answer stops the form.

    `was_asked`: the form has shown the questions; `goes_on`: whoever filled it in has read the notice that stops it.
    """

    category: CategoryView | None
    asked: tuple[Question, ...]
    version: int
    given: dict[str, list[str]]
    was_asked: bool
    goes_on: bool

    @property
    def answers(self) -> dict[str, list[str]]:
        """The answers to those questions that are asked beside them."""
        return shown_answers(self.asked, given_answers(self.given))

    @property
    def stops(self) -> tuple[Question, ...]:
        """The questions whose answer stops the form."""
        return tuple(question for question in self.asked if question.stops(self.answers.get(question.code, ())))

    @property
    def must_stop(self) -> bool:
        """Whether the notice must be shown before anything is reported."""
        return bool(self.stops) and (not self.goes_on or not all(q.stop and q.stop.may_report for q in self.stops))

    def body(self, version: str) -> dict[str, object]:
        """The members of the report; nothing where nothing was asked. `version`: of the questions that were shown."""
        if not self.was_asked:
            return {}
        known = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
        return {"answers": self.answers, "asked": Asked(door=Door.PUBLIC, policy_version=known or None)}


async def read_questions(services: Services, form: FormData, category: str) -> Questions:
    """Read what a form answers of the questions of a category; of an unknown one nothing is asked."""
    async with services.reading.connect() as connection:
        found = await list_categories(connection)
    view = next((one for group in found.groups for one in group.categories if one.code == category), None)
    given: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and name.startswith(ANSWERS):
            given.setdefault(name, []).append(value)
    return Questions(
        category=view,
        asked=() if view is None else view.asked_at(Door.PUBLIC),
        version=found.policy_version,
        given=given,
        was_asked="asked" in form,
        goes_on=form.get("stopped") == "1",
    )


def hidden_fields(form: FormData, version: int) -> Sequence[tuple[str, str]]:
    """Return what the first step said, to be sent again with the second."""
    kept = [
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name not in _STEPS and not name.startswith(ANSWERS)
    ]
    return [*kept, ("asked", str(version))]
