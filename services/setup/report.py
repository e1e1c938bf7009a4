"""What `gridloop setup` says of each part."""

from enum import StrEnum

from models.base import Frozen


class State(StrEnum):
    """`ok`: as it must be; `made`: it was not, and now is; `advice`: it works, and could be better; `mend`: an operator
    must mend it, as the text says."""

    OK = "ok"
    MADE = "made"
    ADVICE = "advice"
    MEND = "mend"


class Item(Frozen):
    """One part that was looked at. `zh`, `en`: what was found, and the remedy, in one sentence."""

    part: str
    state: State
    zh: str
    en: str


class SetupReport(Frozen):
    """All parts, in the order in which they need one another."""

    items: tuple[Item, ...]

    @property
    def fine(self) -> bool:
        """Whether nothing is left to mend."""
        return all(item.state is not State.MEND for item in self.items)


def ok(part: str, zh: str, en: str) -> Item:
    """A part that is as it must be."""
    return Item(part=part, state=State.OK, zh=zh, en=en)


def made(part: str, zh: str, en: str) -> Item:
    """A part that was put right just now."""
    return Item(part=part, state=State.MADE, zh=zh, en=en)


def advice(part: str, zh: str, en: str) -> Item:
    """A part that works and could be better."""
    return Item(part=part, state=State.ADVICE, zh=zh, en=en)


def mend(part: str, zh: str, en: str) -> Item:
    """A part that an operator must mend."""
    return Item(part=part, state=State.MEND, zh=zh, en=en)
