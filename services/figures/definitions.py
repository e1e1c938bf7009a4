"""Definitions of the figures (指标): each a named set of cases, expressed as one condition on `cases`.

The conditions are in `services.figures.conditions`. Counts and lists use the same condition, so that every figure opens
exactly its cases.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from models.figures import FigureKey
from services.figures import conditions
from services.figures.conditions import CHRONIC_FROM, LONG_SUSPENSION, SATISFIED_FROM, Period


@dataclass(frozen=True)
class Figure:
    """A named set of cases. `timed`: of a period; otherwise of the present moment.

    `moment` is the column that places a case in the period; None where only open cases belong to the figure, unless
    `closed_too`.
    """

    key: FigureKey
    name_zh: str
    name_en: str
    means_zh: str
    means_en: str
    condition: Callable[[Period], ColumnElement[bool]]
    moment: str | None = None
    timed: bool = True
    closed_too: bool = False

    def name(self, language: str) -> str:
        """Return its name."""
        return self.name_en if language.startswith("en") else self.name_zh

    def means(self, language: str) -> str:
        """Return a description of the cases that belong to it."""
        return self.means_en if language.startswith("en") else self.means_zh


K = FigureKey
_ALL = (
    Figure(
        K.REPORTED,
        "上报",
        "reported",
        "本期上报,不论结果",
        "reported in the period, whatever became of it",
        conditions.reported,
        "reported_at",
    ),
    Figure(
        K.MAJOR,
        "重大上报",
        "major",
        "本期上报且等级为重大",
        "reported in the period, of major severity",
        conditions.major,
        "reported_at",
    ),
    Figure(
        K.ASSESSED_REPORTS,
        "应计上报",
        "assessed reports",
        "本期上报,不含并案、撤回、作废",
        "reported in the period, without merged, withdrawn and voided ones",
        conditions.assessed_reports,
        "reported_at",
    ),
    Figure(
        K.VALID_REPORTS,
        "有效上报",
        "valid reports",
        "应计上报中已立案的",
        "assessed reports that were accepted",
        conditions.valid_reports,
        "reported_at",
    ),
    Figure(K.ACCEPTED, "立案", "accepted", "本期立案", "accepted in the period", conditions.accepted, "accepted_at"),
    Figure(
        K.ACCEPTED_ON_TIME,
        "按时立案",
        "accepted on time",
        "立案中受理未超期的(含免责)",
        "accepted, and not late at that (or exempt)",
        conditions.accepted_on_time,
        "accepted_at",
    ),
    Figure(
        K.TO_DISPATCH,
        "应派遣",
        "to dispatch",
        "本期立案中已派遣或派遣已超期的",
        "accepted in the period, and dispatched or past the deadline for it",
        conditions.to_dispatch,
        "accepted_at",
    ),
    Figure(
        K.DISPATCHED_ON_TIME,
        "按期派遣",
        "dispatched on time",
        "应派遣中已派遣且未超期的(含免责)",
        "to dispatch, and dispatched in time (or exempt)",
        conditions.dispatched_on_time,
        "accepted_at",
    ),
    Figure(
        K.DISPATCHED_ACCURATELY,
        "准确派遣",
        "dispatched accurately",
        "应派遣中已派遣,且未被同意退单、未转办其他部门的",
        "to dispatch, and dispatched to a department that neither returned it nor handed it to another",
        conditions.dispatched_accurately,
        "accepted_at",
    ),
    Figure(
        K.TO_HANDLE,
        "应处置",
        "to handle",
        "处置时限在本期内且已到,不含挂账",
        "the handling deadline lies in the period and has come; not suspended",
        conditions.to_handle,
        "handle_due_at",
    ),
    Figure(
        K.HANDLED,
        "处置",
        "handled",
        "应处置中期末前已处置的",
        "to handle, and handled by the period's end",
        conditions.handled,
        "handle_due_at",
    ),
    Figure(
        K.HANDLED_ON_TIME,
        "按期处置",
        "handled on time",
        "处置中未超期的(含免责)",
        "handled, and in time (or exempt)",
        conditions.handled_on_time,
        "handle_due_at",
    ),
    Figure(
        K.OVERDUE_UNHANDLED,
        "超期待处置",
        "overdue and unhandled",
        "应处置中期末仍未处置的",
        "to handle, and still not handled at the period's end",
        conditions.overdue_unhandled,
        "handle_due_at",
    ),
    Figure(
        K.EXTENDED,
        "延期",
        "extended",
        "应处置中批准过延期的",
        "to handle, and granted an extension",
        conditions.extended,
        "handle_due_at",
    ),
    Figure(
        K.TO_CLOSE,
        "应结案",
        "to close",
        "已立案且结案时限在本期内且已到,不含挂账",
        "accepted, and the last deadline lies in the period and has come; not suspended",
        conditions.to_close,
        "close_due_at",
    ),
    Figure(
        K.CLOSED,
        "结案",
        "closed",
        "应结案中期末前已结案的",
        "to close, and closed by the period's end",
        conditions.closed,
        "close_due_at",
    ),
    Figure(
        K.CLOSED_ON_TIME,
        "按期结案",
        "closed on time",
        "结案中未超期的(含免责)",
        "closed, and in time (or exempt)",
        conditions.closed_on_time,
        "close_due_at",
    ),
    Figure(
        K.TO_REVIEW,
        "应核查",
        "to review",
        "应结案中期末前已处置的",
        "to close, and handled by the period's end",
        conditions.to_review,
        "close_due_at",
    ),
    Figure(
        K.REVIEWED_ON_TIME,
        "按时核查",
        "reviewed on time",
        "应核查中期末前已核查结案且核查未超期的(含免责)",
        "to review, and closed by its review in time (or exempt)",
        conditions.reviewed_on_time,
        "close_due_at",
    ),
    Figure(
        K.REWORKED,
        "返工",
        "reworked",
        "应结案中核查不通过过的",
        "to close, and once failed its review",
        conditions.reworked,
        "close_due_at",
    ),
    Figure(
        K.LATE_EVER,
        "曾超期",
        "ever late",
        "应结案中任一环节超期过的,含免责的",
        "to close, and late in any stage; exempt ones too",
        conditions.late_ever,
        "close_due_at",
    ),
    Figure(
        K.EXEMPTED,
        "申诉免责",
        "exempted",
        "曾超期中经申诉免责的",
        "ever late, and exempted by an appeal",
        conditions.exempted,
        "close_due_at",
    ),
    Figure(
        K.CLOSINGS,
        "本期结案",
        "closings",
        "本期内结案的,不论何时到期",
        "closed in the period, whenever due",
        conditions.closings,
        "closed_at",
    ),
    Figure(
        K.RATED,
        "已评价",
        "rated",
        "本期结案中已评价的",
        "closed in the period, and rated",
        conditions.rated,
        "closed_at",
    ),
    Figure(
        K.SATISFIED,
        "满意",
        "satisfied",
        f"已评价中 {SATISFIED_FROM} 分及以上的",
        f"rated {SATISFIED_FROM} or better",
        conditions.satisfied,
        "closed_at",
    ),
    Figure(
        K.FALLING_DUE,
        "到期",
        "falling due",
        "未结案且时限在本期内",
        "open, with a deadline in the period",
        conditions.falling_due,
    ),
    Figure(K.OPEN, "未结案", "open", "未结案", "not closed", conditions.open, timed=False),
    Figure(
        K.OVERDUE,
        "超期",
        "overdue",
        "未结案且环节或全程时限已过",
        "open, the deadline of its stage or the whole passed",
        conditions.overdue,
        timed=False,
    ),
    Figure(
        K.SUSPENDED, "挂账", "suspended", "未结案且挂账中", "open, and suspended now", conditions.suspended, timed=False
    ),
    Figure(
        K.LONG_SUSPENDED,
        "长期挂账",
        "long suspended",
        f"挂账满 {LONG_SUSPENSION.days} 天",
        f"suspended for {LONG_SUSPENSION.days} days or more",
        conditions.long_suspended,
        timed=False,
    ),
    Figure(
        K.CONSULTATION,
        "会商",
        "on the consultation list",
        "未结案且已列入会商清单",
        "open, and on the consultation list",
        conditions.consultation,
        timed=False,
    ),
    Figure(
        K.CHRONIC,
        "反复",
        "chronic",
        f"未结案且退单与返工合计 {CHRONIC_FROM} 次及以上",
        f"open, returned or failed in review {CHRONIC_FROM} times or more",
        conditions.chronic,
        timed=False,
    ),
    Figure(
        K.URGED,
        "督办待答复",
        "urged",
        "未结案且有未答复的督办",
        "open, with an urge order unanswered",
        conditions.urged,
        timed=False,
    ),
    Figure(
        K.CLIMBED,
        "升级中",
        "climbed",
        "处置中且已升级到网格单元督看",
        "in handling, and climbed to a grid unit",
        conditions.climbed,
        timed=False,
    ),
    Figure(
        K.PENDING_RETURN,
        "退单待裁定",
        "returns to decide",
        "有未裁定的退单申请",
        "with a return that awaits a decision",
        conditions.pending_return,
        timed=False,
    ),
    Figure(
        K.PENDING_EXTENSION,
        "延期待批",
        "extensions to decide",
        "有未审批的延期申请",
        "with an extension that awaits a decision",
        conditions.pending_extension,
        timed=False,
    ),
    Figure(
        K.PENDING_SUSPENSION,
        "挂账待批",
        "suspensions to decide",
        "有未审批的挂账申请",
        "with a suspension that awaits a decision",
        conditions.pending_suspension,
        timed=False,
    ),
    Figure(
        K.PENDING_REOPEN,
        "重开待批",
        "reopenings to decide",
        "已结案且有未审批的重开申请",
        "closed, with a reopening that awaits a decision",
        conditions.pending_reopen,
        timed=False,
        closed_too=True,
    ),
    Figure(
        K.PENDING_APPEAL,
        "申诉待裁定",
        "appeals to decide",
        "有未裁定的超时申诉",
        "with an appeal that awaits a decision",
        conditions.pending_appeal,
        timed=False,
        closed_too=True,
    ),
    Figure(
        K.UNTOLD,
        "未能告知上报人",
        "reporter not told",
        "上报人选择了短信或邮件告知,最近一次未能送达或不确定是否送达,之后受理、核查人员也没有批注或代其答复、评价;未归档",
        "the reporter chose SMS or mail and the last message did not arrive or may not have, and since then neither"
        " desk nor review noted anything or entered what the reporter said; not archived",
        conditions.untold,
        timed=False,
        closed_too=True,
    ),
)

FIGURES: Mapping[FigureKey, Figure] = {figure.key: figure for figure in _ALL}


def figure_condition(key: FigureKey, period: Period) -> ColumnElement[bool]:
    """The condition of the cases that belong to the figure."""
    return FIGURES[key].condition(period)
