"""Which commands are held back, reversed, asked about or sent at once."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.life_cycle import HUMAN_COMMANDS
from web.views.case.taking_back import HEAVY, REVERSES, WAYS, Way, must_confirm, way_of

NOW = datetime(2026, 5, 6, 8, tzinfo=UTC)


def test_every_command_is_decided_and_every_reverse_is_a_command() -> None:
    assert set(WAYS) == set(HUMAN_COMMANDS)
    assert set(REVERSES.values()) <= set(HUMAN_COMMANDS)
    assert set(HUMAN_COMMANDS) >= HEAVY
    assert all(WAYS[name] is Way.HOLD for name in HEAVY)


@pytest.mark.parametrize(
    ("command", "due_in", "seconds", "way"),
    [
        ("merge", 3600, 10, Way.HOLD),
        ("merge", None, 10, Way.HOLD),
        ("comment", -3600, 10, Way.HOLD),
        ("merge", 3600, 0, Way.ASK),
        ("comment", 3600, 0, Way.NOW),
        ("complete", 59, 10, Way.NOW),
        ("complete", 61, 10, Way.HOLD),
        ("reject", 5, 10, Way.ASK),
        ("claim", 3600, 10, Way.REVERSE),
        ("respond", 3600, 10, Way.NOW),
    ],
)
def test_the_way_depends_on_the_command_the_deadline_and_the_reader(
    command: str, due_in: int | None, seconds: int, way: Way
) -> None:
    due_at = None if due_in is None else NOW + timedelta(seconds=due_in)
    assert way_of(command, due_at, NOW, seconds) is way


def test_without_scripts_heavy_commands_are_asked_about() -> None:
    assert must_confirm("reject", "")
    assert must_confirm("accept", "fire")
    assert not must_confirm("accept", "")
    assert not must_confirm("comment", "")
