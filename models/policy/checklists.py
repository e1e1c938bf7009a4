"""Checklists (检查表): what is looked at when a duty is done, as data of the policy."""

from collections import Counter
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from models.base import Code, Given, Line
from models.enums import Severity

#: What an item asks, in one line.
ItemText = Annotated[Line, StringConstraints(min_length=1, max_length=200)]
#: The longest checklist (our choice): a phone shows it on one page.
MOST_ITEMS = 60


class ChecklistItem(Given):
    """One thing to look at. When it fails, a case of `category` opens, with a photo where `photo` says so.

    `severity` None: the category's own.
    """

    code: Code
    text_zh: ItemText
    text_en: ItemText
    category: Code
    photo: bool = True
    severity: Severity | None = None

    def text(self, language: str) -> str:
        """What the item asks, in `zh` or `en`."""
        return self.text_en if language.startswith("en") else self.text_zh


class Checklist(Given):
    """A list of things to look at, in the order in which they are looked at."""

    code: Code
    name_zh: ItemText
    name_en: ItemText
    items: Annotated[tuple[ChecklistItem, ...], Field(min_length=1, max_length=MOST_ITEMS)]

    @model_validator(mode="after")
    def _each_item_once(self) -> Self:
        if twice := sorted(code for code, times in Counter(item.code for item in self.items).items() if times > 1):
            raise ValueError(f"items named twice: {', '.join(twice)}")
        return self

    def name(self, language: str) -> str:
        """What the list is called, in `zh` or `en`."""
        return self.name_en if language.startswith("en") else self.name_zh

    def item(self, code: str) -> ChecklistItem | None:
        """The item of that code, or None."""
        return next((item for item in self.items if item.code == code), None)
