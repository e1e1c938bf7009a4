"""The shape of the words of one kind of matter."""

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Chinese and English, by code.
Labels = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class MatterWords:
    """What people read of one kind. `facts` are sentences with the fields of the fact's body in braces."""

    commands: Labels
    statuses: Labels
    facts: Labels
    #: What a ladder can be about, by the beginning of `Climb.about` up to a colon.
    overdue: Labels = field(default_factory=dict)
    #: Fields of commands and of the state, where `services.wording.field_names` has no word, or another one.
    fields: Labels = field(default_factory=dict)
    #: The values that a field may have.
    options: Mapping[str, Labels] = field(default_factory=dict)
