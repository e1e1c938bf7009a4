"""The findings of an audit in words: what is wrong and what to do about it."""

from datetime import datetime
from uuid import UUID

from models.base import Frozen
from models.english import counted
from models.jobs.audit import Drift, Finding


class About(Frozen):
    """The case of a finding. `case_no` is None when the database has no such case."""

    report_id: UUID
    case_no: str | None = None


def make_finding(
    about: About | None, kind: Drift, zh: str, en: str, *, since: datetime | None = None, fixable: bool = False
) -> Finding:
    """Return a finding about one case, or about the system."""
    return Finding(
        kind=kind,
        case_no=about.case_no if about else None,
        report_id=about.report_id if about else None,
        zh=zh,
        en=en,
        since=since,
        fixable=fixable,
    )


def workflow_missing(about: About, last: str) -> Finding:
    """No workflow runs. `last`: the status of the latest run."""
    return make_finding(
        about,
        Drift.WORKFLOW_MISSING,
        f"没有运行中的流程({last}),计时无人看守",
        f"no workflow runs for it ({last}): no clock is kept",
        fixable=True,
    )


def workflow_unknown(about: About, last: str) -> Finding:
    """No workflow runs, and the latest run can't be queried."""
    return make_finding(
        about,
        Drift.WORKFLOW_MISSING,
        f"没有运行中的流程({last}),且无法查询其最后状态;请确认工作进程在运行后再试",
        f"no workflow runs for it ({last}), and what the last one knew can't be asked: see that a worker runs, and"
        " try again",
    )


def row_missing(about: About) -> Finding:
    """A workflow runs for a case that the database does not have; most likely a restored backup."""
    return make_finding(
        about,
        Drift.ROW_MISSING,
        "流程在运行而数据库没有此案件(可能恢复了旧备份):请恢复较新的备份,或由流程历史重建",
        "a workflow runs and the database has no such case (an old backup was restored?): restore a newer backup, or"
        " rebuild the case from the workflow's history",
    )


def unrecorded(about: About, since: datetime) -> Finding:
    """A report was accepted and its recording step is still retried."""
    return make_finding(
        about,
        Drift.UNRECORDED,
        f"{since.isoformat()} 已接收的上报尚未入库:请检查数据库与工作进程,恢复后会自动入库",
        f"a report accepted at {since.isoformat()} is not recorded yet: see to the database and the workers; it is"
        " recorded by itself once they are back",
    )


def outlived(about: About, since: datetime) -> Finding:
    """The case is archived but its workflow still runs."""
    return make_finding(
        about,
        Drift.OUTLIVED,
        "案件已归档而流程仍在运行",
        "the case is archived, and its workflow runs on",
        since=since,
        fixable=True,
    )


def row_behind(about: About, stored: int, known: int) -> Finding:
    """The database has fewer facts than the workflow. Nothing may be appended over the gap."""
    return make_finding(
        about,
        Drift.ROW_BEHIND,
        f"数据库落后于流程(库 {stored},流程 {known};可能恢复了旧备份):"
        "请恢复较新的备份,或由流程历史重建;此前不接受新的办理动作",
        f"the database is behind the workflow ({stored}, the workflow {known}; an old backup was restored?): restore a"
        " newer backup, or rebuild the case from the workflow's history; until then it takes no commands",
    )


def workflow_behind(about: About, stored: int, known: int, since: datetime) -> Finding:
    """The workflow has fewer facts than the database: a step was recorded but never reported."""
    return make_finding(
        about,
        Drift.WORKFLOW_BEHIND,
        f"流程落后于数据库(库 {stored},流程 {known})",
        f"the workflow is behind the database ({stored}, the workflow {known})",
        since=since,
        fixable=True,
    )


def wake_up_differs(about: About, stored: datetime | None, known: datetime | None) -> Finding:
    """The row shows another wake-up than the workflow's timer."""
    return make_finding(
        about,
        Drift.WAKE_UP_DIFFERS,
        f"下次唤醒不一致:库 {_moment(stored)},流程 {_moment(known)};以流程为准,库中的值随下一条事实更正",
        f"another next wake-up: the database has {_moment(stored)}, the workflow {_moment(known)}; the workflow's"
        " counts, and the row follows with the case's next fact",
    )


def step_missed(about: About, wake_at: datetime) -> Finding:
    """A due step has not fired: the workers are down or the workflow is stuck."""
    return make_finding(
        about,
        Drift.STEP_MISSED,
        f"{wake_at.isoformat()} 到期的步骤尚未执行",
        f"the step due at {wake_at.isoformat()} has not fired",
        since=wake_at,
        fixable=True,
    )


def owner_gone(about: About, kind: str | None, id_: str | None) -> Finding:
    """The owner is missing or inactive: somebody must take the case."""
    if kind is None:
        zh, en = "案件没有责任人", "the case has no owner"
    else:
        zh = f"责任方 {kind} {id_} 已停用或不存在"
        en = f"its owner, {kind} {id_}, is retired, inactive or unknown"
    return make_finding(
        about, Drift.OWNER_GONE, f"{zh}:请改派、转交或升级", f"{en}: dispatch, transfer or escalate the case"
    )


def facts_differ(about: About, seq: int, count: int, last: int | None) -> Finding:
    """Facts and case do not match. The record is damaged, because facts are only appended."""
    return make_finding(
        about,
        Drift.FACTS_DIFFER,
        f"事实与案件不符(案件版本 {seq},事实 {count} 条,末条编号 {last}):数据已损坏,请恢复备份或由流程历史重建",
        f"its facts do not add up to it (revision {seq}, {counted(count, 'fact')}, the last numbered {last}):"
        " the record is damaged; restore a backup, or rebuild the case from the workflow's history",
    )


def recount_pending(about: About, version: int) -> Finding:
    """A published calendar changes a deadline of the case, which was not recomputed yet."""
    return make_finding(
        about,
        Drift.RECOUNT_PENDING,
        f"第 {version} 版策略的日历会改变其期限,尚未重算",
        f"the calendars of policy version {version} change a deadline of it, and it has not been counted anew",
        fixable=True,
    )


def unanswered(about: About) -> Finding:
    """The workflow does not answer: no worker takes its tasks, or it keeps failing."""
    return make_finding(
        about,
        Drift.UNANSWERED,
        "流程在运行但不应答:请查看工作进程与其日志",
        "its workflow runs and does not answer: look at the workers and their logs",
    )


def no_worker(queue: str) -> Finding:
    """No worker polls the queue: nothing fires and no workflow can be queried."""
    return make_finding(
        None,
        Drift.NO_WORKER,
        f"队列 {queue} 没有工作进程:没有任何到期步骤会执行,也无法询问流程",
        f"no worker takes the steps of queue {queue}: nothing that is due fires, and no workflow can be asked",
    )


def send_lost(key: str, since: datetime) -> Finding:
    """A message is still to be sent, and no workflow sends it."""
    zh, en = f"消息 {key} 尚未发完,没有运行中的流程", f"message {key} is still to be sent, and no workflow runs for it"
    return Finding(kind=Drift.SEND_LOST, since=since, zh=zh, en=en, fixable=True)


def _moment(moment: datetime | None) -> str:
    return "—" if moment is None else moment.isoformat()
