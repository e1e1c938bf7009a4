"""Bulletins as workbooks, from their stored content: the same numbers whenever they are opened."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from models.jobs.bulletin import BulletinKind
from models.policy.scores import Subject
from services.bulletins.views import (
    BoardContent,
    BulletinView,
    CommendationContent,
    ConsultationContent,
    Content,
    VisitContent,
)
from services.files.workbook import Sheets
from services.supervision.sheets import STAGES, Row, add_board, add_ranking
from services.work.figures import Work


def bulletin_file(bulletin: BulletinView, zone: ZoneInfo) -> Iterator[bytes]:
    """Return the workbook of a bulletin in parts. In Chinese, as bulletins are."""
    sheets = Sheets(zone)
    last_day = bulletin.period_end.isoformat()
    about: list[Row] = [
        ["通报", bulletin.name],
        ["网格", f"{bulletin.grid.name} ({bulletin.grid.code})"],
        ["期间", f"{bulletin.period_start.isoformat()} … {last_day}"],
        ["制作时间", bulletin.made_at],
        ["次数", str(bulletin.runs)],
    ]
    sheets.add("说明", ("项目", "内容"), about)
    match bulletin.kind:
        case BulletinKind.BOARD:
            add_board(sheets, BoardContent.model_validate(bulletin.content).board, "zh")
        case BulletinKind.VISITS:
            _add_visits(sheets, VisitContent.model_validate(bulletin.content))
        case BulletinKind.CONSULTATION:
            _add_consultation(sheets, ConsultationContent.model_validate(bulletin.content))
        case BulletinKind.COMMENDATION:
            _add_commendation(sheets, CommendationContent.model_validate(bulletin.content))
    _add_work(sheets, Content.model_validate({"work": bulletin.content.get("work")}).work)
    return sheets.file()


def _add_work(sheets: Sheets, work: Work | None) -> None:
    """The park's own work, a figure a line; bulletins made before there was any have none."""
    if work is not None:
        rows: list[Row] = [[section.name, one.name, one.value] for section in work.sections for one in section.figures]
        sheets.add("园区工作", ("类别", "指标", "数量"), rows)


def _add_visits(sheets: Sheets, content: VisitContent) -> None:
    rows: list[Row] = [
        [
            visit.unit.code, visit.unit.name, visit.enterprise or "", visit.major.count, visit.overdue.count,
            ";".join(f"{r.name} {r.reported.count} 次" for r in visit.repeated),
        ]
        for visit in content.visits
    ]  # fmt: skip
    sheets.add("走访", ("编码", "微网格", "企业", "重大上报", "超期", "反复上报"), rows)


def _add_consultation(sheets: Sheets, content: ConsultationContent) -> None:
    header = ("案件编号", "标题", "网格", "环节", "主办部门", "上报时间", "列入会商", "退单", "返工")
    for part in content.parts:
        rows = [
            [
                case.case_no, case.title, case.grid, STAGES[case.stage][0], case.host or "", case.reported_at,
                case.consultation_at, case.returns, case.failed_reviews,
            ]
            for case in part.cases
        ]  # fmt: skip
        sheets.add(part.name, header, rows)


def _add_commendation(sheets: Sheets, content: CommendationContent) -> None:
    add_ranking(sheets, content.units, "zh", "网格排名")
    add_ranking(sheets, content.departments, "zh", "部门排名")
    sheets.add("人员", ("姓名", "按期处置"), [[merit.name, merit.handled_on_time.count] for merit in content.people])
    titles = {Subject.PERSON: "人员积分", Subject.UNIT: "网格积分", Subject.DEPARTMENT: "部门积分"}
    for stars in content.stars:
        sheets.add(
            titles[stars.subject],
            ("名次", "名称", "积分", "星级", "加分", "扣分"),
            [[one.rank, one.name, one.points, one.stars, one.bonus, one.deduction] for one in stars.rows],
        )
