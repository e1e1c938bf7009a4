"""What a form offers at one click: dates by the case's calendar, and the usual reasons, which may be changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.desk.case_page import CasePageView
from services.desk.quick_dates import QuickDate
from web.local_time import format_exact
from web.reader import Reader
from web.views.translation_marks import _

_NOT_OURS = (_("不属于本部门职责"), _("位置或对象有误"), _("权属单位不明"), _("需多部门共同处置"))
_DELAYS = (_("等待材料或施工"), _("天气原因"), _("当事人不在场"))
_POSTPONED = (_("需立项或走采购程序"), _("等待上级或外部单位答复"), _("季节性施工,暂不具备条件"))
_NOT_GRANTED = (_("理由不充分"), _("请按原期限办理"))
_UNSOLVED = (_("问题仍然存在"), _("处置不彻底"), _("照片与现场不符"))
#: The usual reasons by command and field.
REASONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("return", "reason"): _NOT_OURS,
    ("transfer", "reason"): (*_NOT_OURS[:2], _("本人休假或出差")),
    ("request_extension", "reason"): _DELAYS,
    ("request_suspension", "reason"): _POSTPONED,
    ("refuse_return", "reason"): (_("属于贵部门职责"), _("请先到现场核实")),
    ("refuse_transfer", "reason"): (_("属于贵部门职责"), _("本部门无此职能")),
    ("refuse_extension", "reason"): _NOT_GRANTED,
    ("refuse_suspension", "reason"): _NOT_GRANTED,
    ("fail_review", "reason"): _UNSOLVED,
    ("request_reopen", "reason"): _UNSOLVED[:2],
    ("reject", "reason"): (_("不属于本平台受理范围"), _("位置或描述不清,无法办理"), _("所反映情况不存在")),
    ("reject", "right_channel"): ("12345", "110", "119"),
    ("redispatch", "reason"): (_("原派遣部门有误"), _("权属单位已核实")),
    ("recall", "reason"): (_("派遣有误,重新派遣"),),
    ("send_back", "reason"): (_("受理有误,退回重新受理"),),
    ("request_verification", "question"): (_("请核实现场情况是否属实"), _("请核实具体位置"), _("请拍摄现场照片")),
    ("request_info", "question"): (_("请补充具体位置"), _("请补充现场照片"), _("请补充联系方式")),
    ("urge", "note"): (_("请尽快办结并反馈"), _("请说明未办结原因及预计办结时间")),
}
#: The fields of moments whose dates follow the deadline; those of all others follow now.
_AFTER_DUE = frozenset({("request_extension", "until")})


@dataclass(frozen=True)
class Choice:
    """A choice: the value that it puts into the field, and its label."""

    value: str
    label: str


def reason_choices(command: str, field: str, reader: Reader) -> tuple[Choice, ...]:
    """The usual reasons for a field, in the reader's language."""
    texts = (reader.text(one) for one in REASONS.get((command, field), ()))
    return tuple(Choice(text, text) for text in texts)


def date_choices(command: str, field: str, view: CasePageView, reader: Reader) -> tuple[Choice, ...]:
    """The dates for a field that the rules would accept, as its control writes them."""
    quick = view.rules.quick
    dates = quick.after_due if (command, field) in _AFTER_DUE else quick.after_now
    if command == "request_suspension":
        latest = reader.now + timedelta(days=view.rules.suspension_days)
        dates = tuple(one for one in dates if one.at <= latest)
    if command == "grant_extension":
        dates = ()  # what was asked for is granted, or less
    return tuple(_date_choice(one, reader) for one in dates)


def _date_choice(one: QuickDate, reader: Reader) -> Choice:
    moment = format_exact(one.at, reader)[:16]
    label = reader.text("%(n)s 个工作日 · %(moment)s", n=f"+{one.days}", moment=moment[5:])
    return Choice(one.at.astimezone(reader.zone).strftime("%Y-%m-%dT%H:%M"), label)
