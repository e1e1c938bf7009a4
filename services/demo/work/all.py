"""Makes all the work of the demonstration park, at the first start only."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from services.demo.patience import patiently
from services.demo.town import DemoTown, read_demo_town
from services.demo.work.emergencies import make_emergency
from services.demo.work.plans import make_plans
from services.demo.work.referrals import make_referral_desk
from services.demo.work.stations import make_stations
from services.demo.work.undertakings import make_undertakings
from services.runtime.resources import Resources

#: The file that marks the work as made.
MARK = "demo-work.json"

#: In the order in which one rests on the other.
MAKERS: tuple[Callable[[Resources, DemoTown, datetime], Awaitable[None]], ...] = (
    make_undertakings,
    make_stations,
    make_emergency,
    make_referral_desk,
    make_plans,
)


async def make_work(resources: Resources, data_dir: Path) -> None:
    """Make the work, unless it is there already.

    Safe to stop and to repeat: everything has an id of its own, and its days count from the moment of the first
    attempt, which the mark keeps.
    """
    mark = data_dir / MARK
    state = json.loads(mark.read_text()) if mark.exists() else {"begun_at": datetime.now(UTC).isoformat()}
    if state.get("made"):
        return
    mark.write_text(json.dumps(state))
    begun_at = datetime.fromisoformat(state["begun_at"])
    town = await patiently(lambda: read_demo_town(resources))
    for make in MAKERS:
        await patiently(partial(make, resources, town, begun_at))
    mark.write_text(json.dumps({**state, "made": True}))
