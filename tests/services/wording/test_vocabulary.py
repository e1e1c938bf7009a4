"""Every code that people meet has a label in both languages."""

import re
from typing import get_args

import pytest

from models.commands import HUMAN_COMMAND_MODELS
from models.enums import (
    EscalationMode,
    Light,
    LimitUnit,
    Outcome,
    RequestKind,
    Severity,
    Source,
    Stage,
    TaskKind,
    UrgeCause,
    UrgeKind,
)
from models.facts import Body
from rules.life_cycle import HUMAN_COMMANDS, Who
from services.wording import vocabulary

FACTS = {str(model.model_fields["kind"].default) for model in get_args(get_args(Body)[0])}


@pytest.mark.parametrize(
    ("labels", "codes"),
    [
        (vocabulary.COMMANDS, {*HUMAN_COMMAND_MODELS, *HUMAN_COMMANDS}),
        (vocabulary.FACTS, FACTS),
        (vocabulary.TASKS, set(TaskKind)),
        (vocabulary.REQUESTS, set(RequestKind)),
        (vocabulary.STANDINGS, set(Who) - {Who.SYSTEM}),
        (vocabulary.URGE_CAUSES, set(UrgeCause)),
        (vocabulary.URGE_KINDS, set(UrgeKind)),
        (vocabulary.OUTCOMES, set(Outcome)),
        (vocabulary.STAGES, set(Stage)),
        (vocabulary.LIGHTS, set(Light)),
        (vocabulary.UNITS, set(LimitUnit)),
        (vocabulary.SEVERITIES, set(Severity)),
        (vocabulary.SOURCES, set(Source)),
        (vocabulary.ESCALATION_MODES, set(EscalationMode)),
    ],
)
def test_every_code_has_a_label(labels: vocabulary.Labels, codes: set[str]) -> None:
    assert {str(code) for code in codes} <= set(labels)
    assert all(re.search("[一-鿿]", entry[0]) for entry in labels.values())
    assert all(entry[1].isascii() or "■" in entry[1] or entry[1][-1] in "▲●‖" for entry in labels.values())
