"""What people see of a matter: names in place of ids, and what a kind keeps of its own under `details`."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from models.base import Frozen, Instant
from models.context import Person
from models.enums import Level
from models.matters.base import Matter, MatterFact, MatterKind
from models.personal_numbers import mask_numbers
from models.views import ActorView, GridView
from rules.matters.decide import may_give
from rules.matters.kind import MatterRules, Part
from rules.matters.standing import parts
from services.cases.names import Names
from services.matters.case_numbers import Readable, without_numbers
from services.matters.masking import NEAR, enterprise_details, mask_everywhere, without_private
from services.wording.matters.registry import PART_FIELDS, command_label, fact_sentence, part_names, status_label

#: What only the machine needs of a state.
_INTERNAL = frozenset(Matter.model_fields)

#: Fields of details that hold the id of a person.
_PEOPLE = ("volunteer", "cadre")

#: Makes `details` of a kind of its state, for somebody who plays these parts; default: its own fields, numbers masked.
MakeDetails = Callable[[Any, frozenset[Part]], dict[str, Any]]
DETAILS: dict[MatterKind, MakeDetails] = {MatterKind.ENTERPRISE: enterprise_details}
#: Takes out of a fact's body what somebody who plays these parts need not see.
CONCEAL: dict[MatterKind, Callable[[dict[str, Any]], dict[str, Any]]] = {MatterKind.ENTERPRISE: without_private}


class MatterItem(Frozen):
    """One matter of a list."""

    kind: MatterKind
    code: str
    name: str
    status: str
    status_name: str
    grid: str
    grid_name: str
    department: str | None
    department_name: str | None
    due_at: Instant | None
    overdue_at: Instant | None
    revision: int
    created_at: Instant
    updated_at: Instant
    ended_at: Instant | None
    details: dict[str, Any]


class MatterView(MatterItem):
    """One matter: with its place, and what the reader may do."""

    id: str
    place: GridView
    people: tuple[str, ...]
    allowed_commands: tuple[str, ...]


class MatterPage(Frozen):
    """A page of a list. `total` counts all that fit; `next_cursor` None: this is the last page."""

    items: tuple[MatterItem, ...]
    next_cursor: str | None
    total: int


class MatterFactView(Frozen):
    """One line of the timeline: `text` says it in a sentence, `body` holds the details."""

    seq: int
    at: Instant
    kind: str
    command: str
    command_name: str
    actor: ActorView
    text: str
    body: dict[str, Any]


def parts_of(person: Person, rules: MatterRules, matter: Matter, day: date) -> frozenset[Part]:
    """Every part that `person` plays towards the matter."""
    return parts(
        person,
        rules,
        day,
        grid_path=matter.grid_path,
        department=matter.department,
        departments=matter.departments,
        people=matter.people,
        created_by=matter.created_by,
    )


def matter_item(
    rules: MatterRules, matter: Matter, found: frozenset[Part], names: Names, readable: Readable
) -> MatterItem:
    """Return the matter as one item of a list. `readable`: the cases that its reader may see."""
    return MatterItem(**_item_fields(rules, matter, found, names, readable))


def matter_view(
    rules: MatterRules, matter: Matter, found: frozenset[Part], names: Names, readable: Readable
) -> MatterView:
    """Return the whole matter for somebody who plays these parts. `readable`: the cases that they may see."""
    commands = tuple(name for name in (*rules.who, "comment") if _gives(rules, found, matter, name))
    path = tuple(names.units.get(code, code) for code in matter.grid_path)
    return MatterView(
        **_item_fields(rules, matter, found, names, readable),
        id=str(matter.id),
        place=GridView(code=matter.grid, name=path[-1], level=Level(len(path)), path=matter.grid_path, path_names=path),
        people=tuple(names.people.get(str(person), str(person)) for person in matter.people),
        allowed_commands=commands,
    )


def _gives(rules: MatterRules, found: frozenset[Part], matter: Matter, command: str) -> bool:
    if command == "comment":
        return matter.ended_at is None and not found <= {Part.READER}
    return may_give(rules, found, matter, command)


def _item_fields(
    rules: MatterRules, matter: Matter, found: frozenset[Part], names: Names, readable: Readable
) -> dict[str, Any]:
    language, kind = names.language, rules.kind
    return {
        "kind": kind,
        "code": matter.code,
        "name": mask_numbers(matter.name),
        "status": matter.status,
        "status_name": status_label(kind, matter.status, language),
        "grid": matter.grid,
        "grid_name": names.units.get(matter.grid, matter.grid),
        "department": matter.department,
        "department_name": None if matter.department is None else names.department(matter.department),
        "due_at": matter.due_at,
        "overdue_at": matter.overdue_at,
        "revision": matter.seq,
        "created_at": matter.created_at,
        "updated_at": matter.updated_at,
        "ended_at": matter.ended_at,
        "details": _with_names(_for_reader(rules, found, details_of(rules, matter, found), readable), names),
    }


def _with_names(details: dict[str, Any], names: Names) -> dict[str, Any]:
    """The details with the names of the people that an enterprise has, beside their ids."""
    people = {f"{name}_name": names.people.get(str(id_)) for name in _PEOPLE if (id_ := details.get(name)) is not None}
    return {**details, **people}


def details_of(rules: MatterRules, matter: Matter, found: frozenset[Part]) -> dict[str, Any]:
    """Return what the kind keeps of its own, as its readers may see it."""
    make = DETAILS.get(rules.kind)
    if make is not None:
        return make(matter, found)
    own = matter.model_dump(mode="json", exclude=set(_INTERNAL))
    masked: dict[str, Any] = mask_everywhere(own)
    return masked


def _for_reader(
    rules: MatterRules, found: frozenset[Part], content: dict[str, Any], readable: Readable
) -> dict[str, Any]:
    """The content without the numbers of cases that somebody with these parts may not see."""
    shown: dict[str, Any] = content if readable.all_of(rules, found) else without_numbers(content, readable)
    return shown


def called_parts(matter: Matter, language: str) -> dict[str, str]:
    """What the steps and milestones of the matter are called, by their codes."""
    kept = matter.model_dump(mode="json", include=set(PART_FIELDS))
    return part_names(mask_everywhere(kept), language)


def fact_view(
    rules: MatterRules,
    fact: MatterFact,
    found: frozenset[Part],
    names: Names,
    readable: Readable,
    called: Mapping[str, str],
) -> MatterFactView:
    """Return a fact as one line of the timeline, for somebody who plays these parts. `readable` as in `matter_view`;
    `called`: the names of the matter's own steps and milestones."""
    person, language = fact.actor.person, names.language
    system = "system" if language.startswith("en") else "系统"
    name = system if person is None else names.people.get(str(person), str(person))
    body = mask_everywhere(fact.body.model_dump(mode="json"))
    if found.isdisjoint(NEAR) and rules.kind in CONCEAL:
        body = CONCEAL[rules.kind](body)
    body = _for_reader(rules, found, body, readable)
    return MatterFactView(
        seq=fact.seq,
        at=fact.at,
        kind=fact.body.kind,
        command=fact.command,
        command_name=command_label(rules.kind, fact.command, language),
        actor=ActorView(kind="system" if person is None else "person", id=person, name=name),
        text=fact_sentence(rules.kind, body, language, called),
        body=body,
    )
