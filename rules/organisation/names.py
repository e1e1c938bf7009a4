"""The names of units, people, departments and categories in lint findings: the name with the code beside it."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from models.enums import Level, Role
from models.labels import LEVELS, ROLES
from models.organisation import Organisation


class Title(NamedTuple):
    """A code with its name in both languages."""

    code: str
    zh: str
    en: str


#: A function from a code or user name to its title.
TitleLookup = Callable[[str], Title]


class OrgNames:
    """The titles of an organisation. For an unknown code the title is the code alone."""

    def __init__(self, org: Organisation) -> None:
        self._units = {unit.code: (unit.name, unit.name) for unit in org.units}
        self._people = {person.username: (person.name, person.name) for person in org.people}
        self._departments = {one.id: (one.name_zh, one.name_en) for one in org.departments}
        categories = org.policy.categories if org.policy else ()
        self._categories = {one.code: (one.name_zh, one.name_en) for one in categories}

    def unit(self, code: str) -> Title:
        """The title of a unit, by its code."""
        return _title(code, self._units)

    def person(self, username: str) -> Title:
        """The title of a person, by their user name."""
        return _title(username, self._people)

    def department(self, id_: str) -> Title:
        """The title of a department, by its id."""
        return _title(id_, self._departments)

    def category(self, code: str) -> Title:
        """The title of a category, by its code."""
        return _title(code, self._categories)


def role_names(role: Role) -> tuple[str, str]:
    """The name of a role, Chinese, then English."""
    zh, en = ROLES[role]
    return zh, en


def level_names(level: Level) -> tuple[str, str]:
    """The name of a level, Chinese, then English."""
    zh, en = LEVELS[str(int(level))]
    return zh, en


def sample(titles: Iterable[Title]) -> dict[str, tuple[str, ...]]:
    """The fields of a finding that name the units or people concerned."""
    codes, zh, en = tuple(zip(*titles, strict=True)) or ((), (), ())
    return {"sample": codes, "sample_zh": zh, "sample_en": en}


def _title(code: str, names: dict[str, tuple[str, str]]) -> Title:
    zh, en = names.get(code, (code, code))
    return Title(code, code if zh == code else f"{zh}({code})", code if en == code else f"{en} ({code})")
