"""The words of the board of the park's own work."""

from services.wording.matters.plan import DUTY_STATUSES
from services.wording.matters.words import Labels

SECTIONS: Labels = {
    "duties": ("勤务", "duties"),
    "enterprise": ("企业三色", "colours of enterprises"),
}
#: Where duties stand, those that still count.
DUTIES: Labels = {status: DUTY_STATUSES[status] for status in ("due", "done", "late", "missed")}
OVERDUE = ("逾期", "overdue")


def pick(label: tuple[str, str], language: str) -> str:
    """The label in `zh` or `en`."""
    return label[1] if language.startswith("en") else label[0]
