"""Undertakings, topics, items of the claim board and a meeting of the demonstration park."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import yaml

from models.ids import derived_id
from models.matters.base import MatterKind
from services.demo.town import DemoTown
from services.demo.work.history import PastStep, live
from services.files.shipped import DEPLOY
from services.runtime.resources import Resources

FILE = DEPLOY / "demo" / "agenda.yaml"


async def make_undertakings(resources: Resources, town: DemoTown, now: datetime) -> None:
    """Make what the file describes; its days count from today, `-20` being twenty days ago."""
    for entry in yaml.safe_load(FILE.read_text())["matters"]:
        kind = MatterKind(entry["kind"])
        steps = [
            PastStep(now + timedelta(days=step["day"], minutes=index), step["by"], _command(step["do"], now))
            for index, step in enumerate(entry["steps"])
        ]
        await live(resources, kind, demo_id(entry["id"]), steps, until=now)


def demo_id(name: str) -> UUID:
    """The id of a matter of the demonstration."""
    return derived_id("demo-work", name)


def _command(given: Any, now: datetime) -> Any:
    """The command with its days as dates: `{days: 30}` stands for the day in thirty days, `{moment: -2}` for the moment
    two days ago."""
    if isinstance(given, dict):
        if set(given) == {"days"}:
            return (now.date() + timedelta(days=given["days"])).isoformat()
        if set(given) == {"moment"}:
            return (now + timedelta(days=given["moment"])).isoformat()
        return {name: _command(part, now) for name, part in given.items()}
    if isinstance(given, list):
        return [_command(part, now) for part in given]
    return given
