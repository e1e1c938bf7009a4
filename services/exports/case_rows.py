"""A list of cases as rows of a sheet. Nothing of a reporter is in it."""

from datetime import timedelta

from models.views import CaseItem
from services.files.workbook import CellValue
from services.wording import vocabulary

_HEADER = (
    ("案件编号", "case"), ("标题", "title"), ("小类", "category"), ("网格编码", "grid code"), ("网格", "grid"),
    ("企业", "enterprise"), ("统一社会信用代码", "credit code"),
    ("来源", "source"), ("环节", "stage"), ("亮灯", "light"), ("到期", "due"),
    ("剩余(小时,按时限单位计)", "left (hours, as the limit counts)"),
    ("时限单位", "unit"), ("持有人", "owner"), ("层级", "level"), ("轮次", "round"), ("上报", "reported"),
    ("更新", "changed"), ("结案", "closed"),
)  # fmt: skip


def case_header(language: str) -> list[str]:
    """Return the column headers."""
    english = language.startswith("en")
    return [en if english else zh for zh, en in _HEADER]


def case_row(item: CaseItem, language: str) -> list[CellValue]:
    """Return the cells of a list item as its page shows them."""
    return [
        item.case_no, item.title, item.category_name, item.grid, item.grid_name,
        item.enterprise.name if item.enterprise else None, item.enterprise.code if item.enterprise else None,
        vocabulary.label_of(vocabulary.SOURCES, item.source, language),
        vocabulary.label_of(vocabulary.STAGES, item.stage, language),
        vocabulary.label_of(vocabulary.LIGHTS, item.light, language), item.due_at,
        None if item.left is None else round(item.left / timedelta(hours=1), 2),
        vocabulary.label_of(vocabulary.UNITS, item.unit, language) if item.unit else None,
        item.owner.name if item.owner else None, int(item.level), item.round, item.reported_at, item.updated_at,
        item.closed_at,
    ]  # fmt: skip
