"""What people see of duties: names in place of codes, and the numbers of people in what was noted masked."""

from datetime import date
from typing import Any
from uuid import UUID

from models.base import Frozen, Instant
from models.matters.plan import DutyStatus, PlanWork
from models.personal_numbers import mask_numbers
from models.policy.checklists import Checklist
from services.cases.names import Names
from services.matters.masking import mask_everywhere
from services.wording.matters.plan import DUTY_STATUSES, WORKS
from services.wording.vocabulary import ROLES, label_of


class DutyItem(Frozen):
    """One duty of a list. `who`: the role, person or department that is to do it, in words."""

    id: UUID
    plan: str
    plan_name: str
    work: PlanWork
    work_name: str
    grid: str
    grid_name: str
    place: str
    enterprise: str | None
    day: date
    shift: str
    opens_at: Instant
    due_at: Instant
    status: DutyStatus
    status_name: str
    who: str
    checklist: str | None
    policy_version: int
    missed_at: Instant | None
    done_at: Instant | None
    received_at: Instant | None
    done_by: str | None
    failed: int
    cases: tuple[str, ...]


class ItemView(Frozen):
    """An item of a checklist, with what was found at it once the duty is done."""

    code: str
    text: str
    category: str
    category_name: str
    photo: bool
    outcome: str | None = None
    note: str = ""
    photos: tuple[str, ...] = ()
    case_no: str | None = None


class NeedView(Frozen):
    """A need that was told during a visit; `case_no`: the case opened for it, `topic`: the code of its topic."""

    text: str
    category: str | None = None
    category_name: str | None = None
    photos: tuple[str, ...] = ()
    case_no: str | None = None
    topic: str | None = None


class DutyView(DutyItem):
    """One duty with its checklist and what was found. `may_report`: the reader may report it now."""

    checklist_name: str | None
    items: tuple[ItemView, ...]
    note: str
    needs: tuple[NeedView, ...]
    photos: tuple[str, ...]
    location: dict[str, float] | None
    may_report: bool


class DutyPage(Frozen):
    """A page of a list. `total` counts all that fit; `next_cursor` None: this is the last page."""

    items: tuple[DutyItem, ...]
    next_cursor: str | None
    total: int


def duty_item(row: Any, names: Names) -> DutyItem:
    """Return a duty as one item of a list. `row` is of `duties`, with code and name of its plan."""
    return DutyItem(**_item_fields(row, names))


def _item_fields(row: Any, names: Names) -> dict[str, Any]:
    language = names.language
    person = None if row.done_by is None else names.people.get(str(row.done_by), str(row.done_by))
    return {
        "id": row.id,
        "plan": row.plan_code,
        "plan_name": mask_numbers(row.plan_name),
        "work": row.work,
        "work_name": label_of(WORKS, row.work, language),
        "grid": row.grid,
        "grid_name": names.units.get(row.grid, row.grid),
        "place": mask_numbers(row.name),
        "enterprise": row.enterprise,
        "day": row.day,
        "shift": row.shift,
        "opens_at": row.opens_at,
        "due_at": row.due_at,
        "status": row.status,
        "status_name": label_of(DUTY_STATUSES, row.status, language),
        "who": _who(row, names),
        "checklist": row.checklist,
        "policy_version": row.policy_version,
        "missed_at": row.missed_at,
        "done_at": row.done_at,
        "received_at": row.received_at,
        "done_by": person,
        "failed": row.failed,
        "cases": tuple(number for errand, number in row.cases.items() if number and ":topic" not in errand),
    }


def _who(row: Any, names: Names) -> str:
    if row.person is not None:
        return names.people.get(str(row.person), str(row.person))
    return names.department(row.department) if row.department is not None else label_of(ROLES, row.role, names.language)


def duty_view(row: Any, names: Names, checklist: Checklist | None, *, may_report: bool, whole: bool) -> DutyView:
    """Return the duty with what was found. `whole`: the reader did it, and sees what they wrote."""
    result = row.result or {}
    if not whole:
        result = mask_everywhere(result)
    return DutyView(
        **_item_fields(row, names),
        checklist_name=None if checklist is None else checklist.name(names.language),
        items=tuple(_items(row, names, checklist, result)),
        note=result.get("note", ""),
        needs=tuple(_needs(row, names, result)),
        photos=tuple(result.get("photos", ())),
        location=result.get("location"),
        may_report=may_report,
    )


def _items(row: Any, names: Names, checklist: Checklist | None, result: dict[str, Any]) -> list[ItemView]:
    found = {answer["item"]: answer for answer in result.get("items", ())}
    views = []
    for item in checklist.items if checklist is not None else ():
        answer = found.get(item.code, {})
        views.append(
            ItemView(
                code=item.code,
                text=item.text(names.language),
                category=item.category,
                category_name=names.category(item.category),
                photo=item.photo,
                outcome=answer.get("outcome"),
                note=answer.get("note", ""),
                photos=tuple(answer.get("photos", ())),
                case_no=row.cases.get(f"duty:{row.id}:{item.code}") or None,
            )
        )
    return views


def _needs(row: Any, names: Names, result: dict[str, Any]) -> list[NeedView]:
    return [
        NeedView(
            text=need["text"],
            category=need.get("category"),
            category_name=names.category(need["category"]) if need.get("category") else None,
            photos=tuple(need.get("photos", ())),
            case_no=row.cases.get(f"duty:{row.id}:need{n}") or None,
            topic=row.cases.get(f"duty:{row.id}:topic{n}") or None,
        )
        for n, need in enumerate(result.get("needs", ()))
    ]
