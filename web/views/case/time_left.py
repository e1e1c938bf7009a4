"""The time left of a case, in the limit's own unit, and its light."""

from datetime import timedelta

from models.enums import Light, LimitUnit, Stage
from models.views import CaseItem, CaseView
from web.local_time import format_duration, minutes_per_day
from web.reader import Visitor
from web.views.translation_marks import _

#: What each unit counts.
UNITS = {
    LimitUnit.URGENT_HOUR: _("全天计时"),
    LimitUnit.WORK_HOUR: _("工作时间"),
    LimitUnit.WORK_DAY_8H: _("工作时间"),
    LimitUnit.LEGAL_WORK_DAY: _("工作日"),
    LimitUnit.NATURAL_DAY: _("自然日"),
}
#: The words for the values of `light_of`.
LIGHT_WORDS = {
    "red": _("红灯"), "yellow": _("临期"), "green": _("正常"), "grey": _("挂账·暂停"), "closed": _("已结"),
}  # fmt: skip


def left_text(item: CaseItem | CaseView, visitor: Visitor) -> str:
    """The time left without its unit: "剩 2 小时 10 分", "超 3 小时", "余 1 天" while stopped, "—" once closed."""
    if item.stage is Stage.CLOSED or item.left is None or item.unit is None:
        return "—"
    length = format_duration(abs(item.left), visitor, day_minutes=minutes_per_day(item.unit))
    if item.overdue or item.left < timedelta():
        return visitor.text("超 %(length)s", length=length)
    if item.light is Light.GREY or item.due_at is None:
        return visitor.text("余 %(length)s", length=length)
    return visitor.text("剩 %(length)s", length=length)


def unit_text(item: CaseItem | CaseView, visitor: Visitor) -> str:
    """What the limit's unit counts; empty once closed."""
    return visitor.text(UNITS[item.unit]) if item.unit is not None and item.stage is not Stage.CLOSED else ""


def light_word(item: CaseItem | CaseView, visitor: Visitor) -> str:
    """The word beside the light's sign."""
    if item.light is Light.RED and item.overdue and item.stage is not Stage.CLOSED:
        return visitor.text("超期")
    return visitor.text(LIGHT_WORDS[light_of(item)])


def light_of(item: CaseItem | CaseView) -> str:
    """The light for `parts/light.html`: "closed" for a closed case."""
    return "closed" if item.stage is Stage.CLOSED else item.light.value
