"""`gridloop reconcile`: compares both stores, both ways, and repairs through the workflow."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from temporalio.service import RPCError

from cli.database import DEFAULT_DATA_DIR, DataDir, tell_away
from cli.http import fail
from cli.labels import localize
from cli.operator import open_resources
from cli.output import err, out, print_table
from cli.terminal import escape_json
from infra.database import is_away
from models.english import counted
from models.jobs.audit import AuditReport, Drift
from services.auditing.audit import audit

#: Names of the kinds of findings.
DRIFT_NAMES: dict[Drift, tuple[str, str]] = {
    Drift.WORKFLOW_MISSING: ("流程缺失", "workflow missing"),
    Drift.ROW_MISSING: ("库中无案件", "row missing"),
    Drift.UNRECORDED: ("上报未入库", "report not recorded"),
    Drift.OUTLIVED: ("归档后仍运行", "runs after the archive"),
    Drift.ROW_BEHIND: ("数据库落后", "row behind"),
    Drift.WORKFLOW_BEHIND: ("流程落后", "workflow behind"),
    Drift.WAKE_UP_DIFFERS: ("唤醒时间不一致", "wake-up differs"),
    Drift.STEP_MISSED: ("到期未执行", "step missed"),
    Drift.OWNER_GONE: ("责任方失效", "owner gone"),
    Drift.FACTS_DIFFER: ("事实不符", "facts differ"),
    Drift.RECOUNT_PENDING: ("待重算", "recount pending"),
    Drift.UNANSWERED: ("流程不应答", "workflow silent"),
    Drift.EFFECT_STUCK: ("效果未完成", "effect stuck"),
    Drift.MAILBOX_STUCK: ("站外通知无人处理", "mailbox not looked into"),
    Drift.SEND_LOST: ("发送中断", "send lost"),
    Drift.HANDOVER_UNKNOWN: ("移交结果不明", "hand-over unknown"),
    Drift.HANDOVER_LATE: ("移交逾期未答", "hand-over late"),
    Drift.HANDOVER_STUCK: ("移交无人跟踪", "hand-over not looked at"),
    Drift.NO_WORKER: ("没有工作进程", "no worker"),
}
#: How many findings are printed; `--json` prints all that the audit lists.
MAX_FINDINGS = 50


def reconcile(
    fix: Annotated[
        bool, typer.Option("--fix", help="Repair what can be repaired, through the workflows, and look at it again.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option(min=0, help="Query only this many workflows, drawn at random, for their state.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Compare PostgreSQL and Temporal, both ways, and list what does not agree. 对账。

    --fix repairs page by page. It may run several times at once and be stopped: the next one goes on with what is left.

    Exit 0 when there is nothing to find, 1 when there is (after --fix: when anything is left).
    """
    report = _run_with_progress(lambda progress: _audit(data_dir, fix, sample, progress))
    if as_json:
        typer.echo(escape_json(report.model_dump_json(indent=1)))
    else:
        _print_report(report, fix=fix)
    raise typer.Exit(1 if report.findings else 0)


async def _audit(
    data_dir: Path, fix: bool, sample: int | None, progress: Callable[[str, int, int], None]
) -> AuditReport:
    async with open_resources(data_dir, writes=fix) as resources:
        return await audit(resources, fix=fix, sample=sample, progress=progress)


def _run_with_progress(work: Callable[[Callable[[str, int, int], None]], Awaitable[AuditReport]]) -> AuditReport:
    """Run an audit with a progress bar for each phase."""
    titles = {
        "look": localize("案件 ↔ 流程", "cases ↔ workflows"),
        "look_back": localize("流程 ↔ 案件", "workflows ↔ cases"),
        "repair": localize("修复", "repairing"),
    }
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(titles[phase], total=total)
            bar.update(tasks[phase], completed=done, total=total)

        async def run() -> AuditReport:
            return await work(progress)

        try:
            return asyncio.run(run())
        except typer.Exit:  # a RuntimeError too, but the message is printed already
            raise
        except Exception as error:
            if is_away(error):
                fail(tell_away(error))
            if isinstance(error, RPCError | RuntimeError):
                fail(localize(f"流程服务无法连接:{error}", f"Temporal cannot be reached: {error}"))
            raise


def _print_report(report: AuditReport, *, fix: bool) -> None:
    if fix and report.repaired:
        out.print(localize(f"已修复 {report.repaired} 处", f"{report.repaired} repaired"))
    for failure in report.failures:
        err.print(
            localize(f"未能修复 {failure}", f"not repaired: {failure}"), markup=False, highlight=False, soft_wrap=True
        )
    summary = localize(
        f"{report.cases} 个未归档案件,{report.matters} 个未终止事项,"
        f"{report.workflows} 个运行中的流程,深入核对 {report.looked_into} 个,"
        f"用时 {report.seconds:.1f} 秒",
        f"{report.cases} cases not archived, {report.matters} matters going on, {counted(report.workflows, 'workflow')}"
        f" running, {report.looked_into} compared"
        f" closely, {report.seconds:.1f} s",
    )
    out.print(summary)
    if report.unnamed_files:
        out.print(
            localize(
                f"{report.unnamed_files} 个上传文件已过保留期且无人引用,下次定时对账时清理",
                f"{report.unnamed_files} uploaded files that nothing has named in time: the next audit removes them",
            )
        )
    if not report.findings:
        out.print(
            localize("✓ 两边一致,到期步骤均已执行", "✓ both sides agree, and every due step has fired"), style="green"
        )
        return
    print_table(
        localize("差异 案件 说明 可修复", "finding case what fixable").split(),
        (
            (
                localize(*DRIFT_NAMES[finding.kind]),
                finding.case_no or finding.matter_code or str(finding.report_id or "—"),
                localize(finding.zh, finding.en),
                localize("可", "yes") if finding.fixable else "—",
            )
            for finding in report.findings[:MAX_FINDINGS]
        ),
        boxed=True,
    )
    counts = {Drift(kind): count for kind, count in report.counts.items() if count}
    total = ", ".join(f"{localize(*DRIFT_NAMES[kind])} {count}" for kind, count in counts.items())
    number = sum(counts.values())
    err.print(
        localize(f"✗ {number} 处差异({total})", f"✗ findings: {number} ({total})"),
        style="bold red", highlight=False, soft_wrap=True,
    )  # fmt: skip
    if not fix and any(finding.fixable for finding in report.findings):
        err.print(localize("修复:gridloop reconcile --fix", "to repair: gridloop reconcile --fix"))
