"""The words of the board of the park's own work."""

from services.wording.matters.words import Labels

SECTIONS: Labels = {
    "duties": ("勤务", "duties"),
    "enterprise": ("企业三色", "colours of enterprises"),
}
DUTIES: Labels = {
    "due": ("待办", "due"),
    "done": ("按时完成", "done in time"),
    "late": ("逾期完成", "done late"),
    "missed": ("逾期未办", "missed"),
}
COLOURS: Labels = {
    "red": ("红色企业", "red"),
    "yellow": ("黄色企业", "yellow"),
    "green": ("绿色企业", "green"),
}
OVERDUE = ("逾期", "overdue")


def pick(label: tuple[str, str], language: str) -> str:
    """The label in `zh` or `en`."""
    return label[1] if language.startswith("en") else label[0]
