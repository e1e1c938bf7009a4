"""What a plan says, in words: how often, by whose calendar, by whom."""

from models.english import counted
from models.matters.plan import AsRated, Every, PerShift, PlantDays, PlanTerms, Rhythm
from models.policy.calendar import MINUTES_A_DAY
from models.policy.document import Policy
from services.cases.names import Names
from services.wording.matters.plan import PERIODS, WORKS
from services.wording.vocabulary import ROLES, label_of

_DAYS_ZH = "一二三四五六日"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def terms_in_words(terms: PlanTerms, names: Names) -> tuple[tuple[str, str], ...]:
    """Return what the plan says as labels with values; what it leaves open is left out."""
    english = names.language.startswith("en")
    policy = names.policy
    checklist = policy.park.checklist(terms.checklist)
    said = (
        ("Work" if english else "工作", label_of(WORKS, terms.work, names.language)),
        ("By" if english else "承担者", _who(terms, names)),
        ("How often" if english else "频次", rhythm_in_words(terms.rhythm, english=english)),
        ("Days" if english else "日历", _days(terms, policy, names.language)),
        ("Checklist" if english else "检查表", checklist.name(names.language) if checklist else terms.checklist or ""),
        ("First due" if english else "首次到期", "" if isinstance(terms.rhythm, AsRated) else str(terms.first_due)),
        ("Last day" if english else "截止", str(terms.until or "")),
    )
    return tuple((label, value) for label, value in said if value)


def wall(minutes: int) -> str:
    """A wall time in minutes since midnight as “07:50”."""
    return "24:00" if minutes == MINUTES_A_DAY else f"{minutes // 60:02}:{minutes % 60:02}"


def rhythm_in_words(rhythm: Rhythm, *, english: bool) -> str:
    """How often a plan has duties, and when they are due."""
    match rhythm:
        case PerShift(shifts=(), minutes=minutes):
            return f"{counted(minutes, 'minute')} before each shift" if english else f"企业每班开始前 {minutes} 分钟内"
        case PerShift(shifts=shifts, minutes=minutes):
            listed = ", ".join(f"{shift.name} {wall(shift.begins)}" for shift in shifts)
            return f"per shift: {listed}; within {minutes} min" if english else f"每班: {listed}, {minutes} 分钟内完成"
        case Every(n=n, unit=unit, at=at):
            if english:
                return f"every {n} {unit}s by {wall(at)}" if n > 1 else f"every {unit} by {wall(at)}"
            return f"每 {n} {PERIODS[unit][0]}, {wall(at)} 前" if n > 1 else f"每{PERIODS[unit][0][-1]}, {wall(at)} 前"
        case AsRated(at=at):
            return f"as the colour says, by {wall(at)}" if english else f"按企业颜色等级, {wall(at)} 前"


def _who(terms: PlanTerms, names: Names) -> str:
    workers = terms.workers
    if workers.role is not None:
        return label_of(ROLES, workers.role, names.language)
    return workers.person or names.department(workers.department or "")


def _days(terms: PlanTerms, policy: Policy, language: str) -> str:
    english = language.startswith("en")
    if terms.plant_days is not None:
        return _plant_days(terms.plant_days, english=english)
    if terms.calendar is None and isinstance(terms.rhythm, PerShift) and not terms.rhythm.shifts:
        return "as the enterprise works" if english else "按企业自己的工作日"
    calendar = policy.calendar(terms.calendar)
    return terms.calendar or "" if calendar is None else calendar.label(language)


def _plant_days(days: PlantDays, *, english: bool) -> str:
    weekdays = sorted(days.weekdays)
    if english:
        on = "on holidays too" if days.on_holidays else "not on holidays"
        return f"{', '.join(_DAYS_EN[n - 1] for n in weekdays)}; {on}"
    return f"周{''.join(_DAYS_ZH[n - 1] for n in weekdays)}, {'节假日照常' if days.on_holidays else '节假日休息'}"
