"""The documents of the feed as CSV: a row each, a column for every number, empty where it is withheld."""

from zoneinfo import ZoneInfo

from models.enums import Light, Stage
from services.feed.days import DAY_FIGURES, DAY_RATES
from services.feed.views import Answers, Days, Present
from services.files.flat import CsvFile


def days_csv(days: Days) -> bytes:
    """Return the page as CSV, with the names of members as headers: `closed_rate` has its two numbers beside it."""
    header = ["day", "code", "name", *(key.value for key in DAY_FIGURES)]
    for rate in DAY_RATES:
        header += [rate.value, f"{rate.value}_numerator", f"{rate.value}_denominator"]
    file = CsvFile(ZoneInfo(days.zone))
    file.begin(header)
    for row in days.rows:
        sides = [(row.rates[key].value, row.rates[key].numerator, row.rates[key].denominator) for key in DAY_RATES]
        figures = [row.figures[key] for key in DAY_FIGURES]
        file.extend([[row.day.isoformat(), row.code, row.name, *figures, *(cell for side in sides for cell in side)]])
    return b"".join(file.file())


def now_csv(present: Present) -> bytes:
    """Return the document as CSV; a column for each stage and light."""
    cells = [(stage, light) for stage in Stage if stage is not Stage.CLOSED for light in Light]
    file = CsvFile(ZoneInfo(present.zone))
    file.begin(["code", "name", "open", "overdue", "suspended", *(f"{stage}_{light}" for stage, light in cells)])
    for row in present.rows:
        counts = {(cell.stage, cell.light): cell.count for cell in row.cells}
        file.extend(
            [[row.code, row.name, row.open, row.overdue, row.suspended, *(counts.get(cell, 0) for cell in cells)]]
        )
    return b"".join(file.file())


def answers_csv(answers: Answers) -> bytes:
    """Return the document as CSV; a row for each choice."""
    file = CsvFile(ZoneInfo(answers.zone))
    file.begin(["category", "category_name", "question", "text", "key", "name", "count", "answered"])
    for row in answers.rows:
        asked = [row.category, row.category_name, row.question, row.text]
        file.extend([[*asked, choice.key, choice.name, choice.count, row.answered] for choice in row.choices])
    return b"".join(file.file())
