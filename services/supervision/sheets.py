"""Figures as tables of a file, with the numbers of the pages. Nothing of a reporter is in them."""

from collections.abc import Iterable
from datetime import timedelta

from models.enums import Light, Stage
from services.figures.views import Board, BoardNumbers, IndicatorValue, OverdueItem, Ranking, RankingNumbers
from services.files.workbook import CellValue, Tables
from services.supervision.overview import DepartmentLights
from services.wording import vocabulary

STAGES = {
    Stage.RECEIVE: ("受理", "receive"), Stage.DISPATCH: ("派遣", "dispatch"), Stage.HANDLE: ("处置", "handle"),
    Stage.REVIEW: ("核查", "review"), Stage.CLOSED: ("结案", "closed"),
}  # fmt: skip
LIGHTS = {
    Light.GREEN: ("绿", "green"), Light.YELLOW: ("黄", "yellow"), Light.RED: ("红", "red"),
    Light.GREY: ("停", "stopped"),
}  # fmt: skip
Row = list[CellValue]


def localized(language: str, zh: str, en: str) -> str:
    """Return the one of two texts that is in the reader's language."""
    return en if language.startswith("en") else zh


def add_board(sheets: Tables, board: Board, language: str) -> None:
    """Add the board: a row for each unit, the totals first."""
    header = [
        localized(language, "网格编码", "code"),
        localized(language, "网格", "unit"),
        localized(language, "未结案", "open"),
        *(localized(language, *LIGHTS[light]) for light in Light),
        *(localized(language, *STAGES[stage]) for stage in Stage if stage is not Stage.CLOSED),
        localized(language, "超期", "overdue"),
        localized(language, "今日到期", "due today"),
        localized(language, "挂账", "suspended"),
        localized(language, "会商", "consultation"),
        localized(language, "督办待答复", "urged"),
        localized(language, "今日上报", "reported today"),
        localized(language, "今日结案", "closed today"),
    ]
    code = "" if board.grid is None else board.grid.code
    rows = [_board_row(code, localized(language, "合计", "total"), board.totals)]
    rows += [_board_row(row.unit.code, row.unit.name, row) for row in board.rows]
    sheets.add(localized(language, "看板", "Board"), header, rows)


def _board_row(code: str, name: str, numbers: BoardNumbers) -> Row:
    return [
        code, name, numbers.open.count,
        *(numbers.lights[light].count for light in Light),
        *(numbers.stages[stage].count for stage in Stage if stage is not Stage.CLOSED),
        numbers.overdue.count, numbers.due_today.count, numbers.suspended.count, numbers.consultation.count,
        numbers.urged.count, numbers.reported_today.count, numbers.closed_today.count,
    ]  # fmt: skip


def overdue_header(language: str) -> list[str]:
    """Return the column headers of the overdue list."""
    return [
        localized(language, "案件编号", "case"),
        localized(language, "标题", "title"),
        localized(language, "小类", "category"),
        localized(language, "网格", "unit"),
        localized(language, "环节", "stage"),
        localized(language, "亮灯", "light"),
        localized(language, "超期自", "overdue since"),
        localized(language, "超期(小时)", "late by (hours)"),
        localized(language, "责任方", "owner"),
        localized(language, "主办部门", "host"),
        localized(language, "升级步骤", "ladder step"),
        localized(language, "层级", "level"),
        localized(language, "督办(未答复)", "urge orders (unanswered)"),
        localized(language, "会商", "consultation since"),
        localized(language, "暂停(小时)", "paused (hours)"),
        localized(language, "延期", "extensions"),
        localized(language, "返工", "rework"),
        localized(language, "退单", "returns"),
        localized(language, "最近动作", "last action"),
        localized(language, "最近动作时间", "last action at"),
        localized(language, "最近动作人", "last action by"),
    ]


def overdue_row(item: OverdueItem, language: str) -> Row:
    """Return a row of the overdue list as its page shows it."""
    last_action = item.last_action
    unanswered = sum(urge.answered_at is None for urge in item.urges)
    return [
        item.case_no,
        item.title,
        item.category_name,
        item.grid_name,
        localized(language, *STAGES[item.stage]),
        localized(language, *LIGHTS[item.light]),
        item.overdue_since,
        round(item.late_by / timedelta(hours=1), 1),
        item.owner.name if item.owner else "",
        item.host_name or "",
        item.ladder_step,
        int(item.level),
        f"{len(item.urges)} ({unanswered})",
        item.consultation_at,
        round(item.paused / timedelta(hours=1), 1),
        item.extensions,
        item.failed_reviews,
        item.returns,
        vocabulary.label_of(vocabulary.FACTS, last_action.kind, language) if last_action else None,
        last_action.at if last_action else None,
        last_action.by if last_action else None,
    ]


def add_ranking(sheets: Tables, ranking: Ranking, language: str, title: str | None = None) -> None:
    """Add a ranking: a row for each place; every indicator with its rate, numerator and denominator."""
    header = [
        localized(language, "名次", "rank"),
        localized(language, "编码", "code"),
        localized(language, "名称", "name"),
        localized(language, "得分", "score"),
        localized(language, "等级", "grade"),
    ]
    for value in ranking.totals.indicators:
        numerator, denominator = value.formula.split(" / ")
        header += [value.name, numerator, denominator]
    header += [
        localized(language, "曾超期", "ever late"),
        localized(language, "申诉免责", "exempted"),
        localized(language, "原因", "why"),
    ]
    rows = [["", "", localized(language, "合计", "total"), *_score_cells(ranking.totals), ""]]
    rows += [[row.rank, row.place.code, row.place.name, *_score_cells(row), row.why or ""] for row in ranking.rows]
    sheets.add(title or localized(language, "排名", "Ranking"), header, rows)


def add_departments(sheets: Tables, departments: Iterable[DepartmentLights], language: str) -> None:
    """Add the departments that host open cases, by light."""
    header = [
        localized(language, "编码", "code"),
        localized(language, "主办", "host"),
        localized(language, "未结案", "open"),
        *(localized(language, *LIGHTS[light]) for light in Light),
        localized(language, "超期", "overdue"),
    ]
    rows: list[Row] = [
        [
            department.code,
            department.name,
            department.open.count,
            *(department.lights[light].count for light in Light),
            department.overdue.count,
        ]
        for department in departments
    ]
    sheets.add(localized(language, "部门", "Departments"), header, rows)


def add_rates(sheets: Tables, rates: Iterable[IndicatorValue], language: str) -> None:
    """Add the board's rates, with numerator, denominator and formula."""
    header = [
        localized(language, "比率", "rate"),
        localized(language, "值", "value"),
        localized(language, "分子", "numerator"),
        localized(language, "分母", "denominator"),
        localized(language, "口径", "formula"),
    ]
    rows: list[Row] = [[rate.name, rate.text, rate.numerator, rate.denominator, rate.formula] for rate in rates]
    sheets.add(localized(language, "比率", "Rates"), header, rows)


def _score_cells(numbers: RankingNumbers) -> Row:
    score = numbers.score
    row: Row = [score.points if score else "—", score.grade if score else "—"]
    for value in numbers.indicators:
        row += [value.text, value.numerator, value.denominator]
    return [*row, numbers.late_ever.count, numbers.exempted.count]
