"""Labels of a simulation in Chinese and English, and its figures as text."""

from datetime import datetime
from zoneinfo import ZoneInfo

from models.enums import EscalationMode, Role, Stage

Pair = tuple[str, str]

#: The stages in their order, the whole case last.
STAGES: dict[Stage | None, Pair] = {
    Stage.RECEIVE: ("受理", "receive"),
    Stage.DISPATCH: ("派遣", "dispatch"),
    Stage.HANDLE: ("处置", "handle"),
    Stage.REVIEW: ("核查", "review"),
    None: ("全程", "whole"),
}
#: None: no role was held up to the top.
LEVELS: dict[str | None, Pair] = {
    "park": ("园区", "park"),
    "community": ("社区", "community"),
    "grid": ("网格", "grid"),
    "micro_grid": ("微网格", "micro-grid"),
    None: ("只剩兜底责任人", "only the fallback owner"),
}
MODES: dict[EscalationMode, Pair] = {
    EscalationMode.ACT: ("接手", "to act"),
    EscalationMode.INFORM: ("知会", "informed"),
}
ROLES: dict[Role, Pair] = {
    Role.REPORTER: ("上报人", "reporter"),
    Role.GRID_WORKER: ("网格员", "grid worker"),
    Role.DUTY_OFFICER: ("受理/派遣员", "duty officer"),
    Role.HANDLER: ("处置人员", "handler"),
    Role.DEPARTMENT_HEAD: ("部门负责人", "department head"),
    Role.REVIEWER: ("核查员", "reviewer"),
    Role.SUPERVISOR: ("督查员", "supervisor"),
    Role.KEEPER: ("保密员", "keeper"),
    Role.AUDITOR: ("审计员", "auditor"),
    Role.ADMIN: ("管理员", "admin"),
    Role.VOLUNTEER: ("微网格志愿者", "volunteer"),
    Role.LIAISON: ("片区联络员", "zone liaison officer"),
    Role.HELPER: ("帮帮团成员", "member of a help group"),
}
HOST: Pair = ("承办方 · 知会", "whoever handles it · informed")


def format_hours(value: float | None) -> str:
    """Return hours as text: in minutes, hours or days."""
    if value is None:
        return "—"
    if value < 1:
        return f"{value * 60:.0f} min"
    return f"{value:.1f} h" if value < 240 else f"{value / 24:.1f} d"


def format_rate(missed: int, clocks: int) -> str:
    """Return numerator, denominator and rate as text; “—” for an empty denominator."""
    return f"{missed} / {clocks} = {missed / clocks:.1%}" if clocks else f"{missed} / {clocks} = —"


def format_local(moment: datetime | None, zone: str) -> str:
    """Return a time as wall time of the zone; “—” for none."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") if moment else "—"
