"""The menu: the pages, and the roles that see each."""

from dataclasses import dataclass

from models.enums import Role
from web.reader import Reader

_DESK = (
    Role.DUTY_OFFICER, Role.HANDLER, Role.HELPER, Role.DEPARTMENT_HEAD, Role.REVIEWER, Role.SUPERVISOR, Role.ADMIN,
)  # fmt: skip
_WATCH = (Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN, Role.DEPARTMENT_HEAD, Role.DUTY_OFFICER)


@dataclass(frozen=True)
class Entry:
    """A page of the menu. `key` is its shortcut after `g`; `title` is Chinese, translated where it is shown."""

    href: str
    title: str
    icon: str
    roles: tuple[Role, ...]
    key: str = ""

    def is_current(self, path: str) -> bool:
        """Whether `path` is this page or below it."""
        return path == self.href or path.startswith(f"{self.href}/")


ENTRIES = (
    Entry("/queue", "待办", "task", _DESK, "q"),
    Entry("/intake", "受理台", "call", (Role.DUTY_OFFICER,), "i"),
    Entry("/cases", "案件", "search", (*_DESK, Role.AUDITOR, Role.LIAISON, Role.KEEPER), "c"),
    Entry("/board", "看板", "dashboard", _WATCH, "b"),
    Entry("/overdue", "超期督查", "time", _WATCH, "o"),
    Entry("/map", "地图", "map", _WATCH, "m"),
    Entry("/ranking", "排名", "chart-bar", _WATCH, "r"),
    Entry("/ladder", "升级", "arrow-up", _WATCH, "l"),
    Entry("/urges", "督办单", "notification", (*_WATCH, Role.HANDLER), "u"),
    Entry("/analysis", "分析", "chart-line", _WATCH, "a"),
    Entry(
        "/park",
        "园区工作",
        "flag",
        (*_DESK, Role.AUDITOR, Role.GRID_WORKER, Role.VOLUNTEER, Role.LIAISON, Role.HELPER),
        "p",
    ),
    Entry("/bulletins", "通报", "file", _WATCH),
    Entry("/unmaskings", "上报人台账", "file", (Role.AUDITOR, Role.KEEPER)),
    Entry("/admin", "管理", "setting", (Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR)),
)


def menu(reader: Reader) -> tuple[Entry, ...]:
    """The pages for the roles that the reader acts in today."""
    return tuple(entry for entry in ENTRIES if reader.acts_as(*entry.roles))


def home(reader: Reader) -> str:
    """The first page after signing in, by role: queue, intake desk or board, or the field app for all others."""
    if reader.acts_as(Role.HANDLER, Role.HELPER, Role.DEPARTMENT_HEAD, Role.REVIEWER):
        return "/queue"
    if reader.acts_as(Role.DUTY_OFFICER):
        return "/intake"
    entries = menu(reader)
    if reader.acts_as(Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN):
        return "/board"
    if reader.acts_as(Role.GRID_WORKER, Role.VOLUNTEER):  # their day is on the phone: duties of today come first
        return "/m/"
    return entries[0].href if entries else "/m/"
