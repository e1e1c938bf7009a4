"""The figures as sheets: the same numbers as the pages, from the same functions. Nothing of a reporter is in them."""

from collections.abc import Iterable
from datetime import timedelta

from models.enums import Light, Stage
from services.figures.views import Board, BoardNumbers, IndicatorValue, OverdueItem, Ranking, RankingNumbers
from services.files.workbook import CellValue, Sheets
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


def say(language: str, zh: str, en: str) -> str:
    """The one of two texts that is in the reader's language."""
    return en if language.startswith("en") else zh


def add_board(sheets: Sheets, shown: Board, language: str) -> None:
    """A row for each unit, the totals first."""
    header = [
        say(language, "网格编码", "code"), say(language, "网格", "unit"), say(language, "未结案", "open"),
        *(say(language, *LIGHTS[light]) for light in Light),
        *(say(language, *STAGES[stage]) for stage in Stage if stage is not Stage.CLOSED),
        say(language, "超期", "overdue"), say(language, "今日到期", "due today"), say(language, "挂账", "suspended"),
        say(language, "会商", "consultation"), say(language, "督办待答复", "urged"),
        say(language, "今日上报", "reported today"), say(language, "今日结案", "closed today"),
    ]  # fmt: skip
    here = "" if shown.grid is None else shown.grid.code
    rows = [_board_row(here, say(language, "合计", "total"), shown.totals)]
    rows += [_board_row(row.unit.code, row.unit.name, row) for row in shown.rows]
    sheets.add(say(language, "看板", "Board"), header, rows)


def _board_row(code: str, name: str, numbers: BoardNumbers) -> Row:
    return [
        code, name, numbers.open.count,
        *(numbers.lights[light].count for light in Light),
        *(numbers.stages[stage].count for stage in Stage if stage is not Stage.CLOSED),
        numbers.overdue.count, numbers.due_today.count, numbers.suspended.count, numbers.consultation.count,
        numbers.urged.count, numbers.reported_today.count, numbers.closed_today.count,
    ]  # fmt: skip


def overdue_header(language: str) -> list[str]:
    """What the columns of the overdue list are called."""
    return [
        say(language, "案件编号", "case"), say(language, "标题", "title"), say(language, "小类", "category"),
        say(language, "网格", "unit"), say(language, "环节", "stage"), say(language, "亮灯", "light"),
        say(language, "超期自", "overdue since"),
        say(language, "超期(小时)", "late by (hours)"), say(language, "责任方", "owner"),
        say(language, "主办部门", "host"), say(language, "升级步骤", "ladder step"), say(language, "层级", "level"),
        say(language, "督办(未答复)", "urge orders (unanswered)"), say(language, "会商", "consultation since"),
        say(language, "暂停(小时)", "paused (hours)"), say(language, "延期", "extensions"),
        say(language, "返工", "rework"), say(language, "退单", "returns"),
        say(language, "最近动作", "last action"), say(language, "最近动作时间", "last action at"),
        say(language, "最近动作人", "last action by"),
    ]  # fmt: skip


def overdue_row(item: OverdueItem, language: str) -> Row:
    """A line of the overdue list as its page shows it."""
    acted = item.last_action
    waiting = sum(urge.answered_at is None for urge in item.urges)
    return [
        item.case_no, item.title, item.category_name, item.grid_name,
        say(language, *STAGES[item.stage]),
        say(language, *LIGHTS[item.light]), item.overdue_since,
        round(item.late_by / timedelta(hours=1), 1), item.owner.name if item.owner else "",
        item.host_name or "", item.ladder_step, int(item.level), f"{len(item.urges)} ({waiting})",
        item.consultation_at, round(item.paused / timedelta(hours=1), 1), item.extensions, item.failed_reviews,
        item.returns, vocabulary.label_of(vocabulary.FACTS, acted.kind, language) if acted else None,
        acted.at if acted else None,
        acted.by if acted else None,
    ]  # fmt: skip


def add_ranking(sheets: Sheets, ranked: Ranking, language: str, title: str | None = None) -> None:
    """A row for each who is ranked; every indicator with its rate, numerator and denominator."""
    header = [
        say(language, "名次", "rank"), say(language, "编码", "code"), say(language, "名称", "name"),
        say(language, "得分", "score"), say(language, "等级", "grade"),
    ]  # fmt: skip
    for value in ranked.totals.indicators:
        numerator, denominator = value.formula.split(" / ")
        header += [value.name, numerator, denominator]
    header += [
        say(language, "曾超期", "ever late"),
        say(language, "申诉免责", "exempted"),
        say(language, "原因", "why"),
    ]
    rows = [["", "", say(language, "合计", "total"), *_figures(ranked.totals), ""]]
    rows += [[row.rank, row.place.code, row.place.name, *_figures(row), row.why or ""] for row in ranked.rows]
    sheets.add(title or say(language, "排名", "Ranking"), header, rows)


def add_departments(sheets: Sheets, departments: Iterable[DepartmentLights], language: str) -> None:
    """Who hosts the open cases, under which light."""
    header = [
        say(language, "编码", "code"), say(language, "主办", "host"), say(language, "未结案", "open"),
        *(say(language, *LIGHTS[light]) for light in Light), say(language, "超期", "overdue"),
    ]  # fmt: skip
    rows: list[Row] = [
        [one.code, one.name, one.open.count, *(one.lights[light].count for light in Light), one.overdue.count]
        for one in departments
    ]
    sheets.add(say(language, "部门", "Departments"), header, rows)


def add_rates(sheets: Sheets, rates: Iterable[IndicatorValue], language: str) -> None:
    """The board's rates, with both sides and what they mean."""
    header = [
        say(language, "比率", "rate"), say(language, "值", "value"), say(language, "分子", "numerator"),
        say(language, "分母", "denominator"), say(language, "口径", "formula"),
    ]  # fmt: skip
    rows: list[Row] = [[one.name, one.text, one.numerator, one.denominator, one.formula] for one in rates]
    sheets.add(say(language, "比率", "Rates"), header, rows)


def _figures(numbers: RankingNumbers) -> Row:
    score = numbers.score
    row: Row = [score.points if score else "—", score.grade if score else "—"]
    for value in numbers.indicators:
        row += [value.text, value.numerator, value.denominator]
    return [*row, numbers.late_ever.count, numbers.exempted.count]
