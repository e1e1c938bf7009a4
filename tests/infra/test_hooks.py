"""Web hooks are told of the facts of their place, wherever the case goes in the same step."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.store.hooks import tell_hooks
from models.commands import Relocate, WakeUp
from models.ids import derived_id
from rules.escalation.wake_ups import next_wake_up
from tests.builders import OTHER_MICRO, OTHER_PARK, PARK, small_park
from tests.rules.lives import at, handled
from tests.rules.world import units_to
from tests.workflows.letters import add_channel

_HOOK = text("""
    INSERT INTO hook_subscriptions (id, channel, kinds, grid, created_at)
    VALUES (:id, 'hook', '{dispatched,step_fired}', :grid, now())
""")
HOOKS = {park: derived_id("hook of", park) for park in (PARK, OTHER_PARK)}


async def test_what_fell_due_is_told_where_the_case_was_then(engine: AsyncEngine) -> None:
    """The steps that had fallen due are recorded with the command that moves the case to the other park."""
    await small_park(engine)
    await add_channel(engine, "hook", "http://127.0.0.1:1/in")
    async with transaction(engine) as connection:
        for park, id_ in HOOKS.items():
            await connection.execute(_HOOK, {"id": id_, "grid": park})
    life = handled("2026-03-02T10:00")
    before, known = life.case, len(life.facts)
    life.now = at("2026-03-04T10:00")
    life.do("duty", Relocate(grid=OTHER_MICRO, reason="更正"), target_units=units_to(OTHER_MICRO))
    moving = life.facts[known:]
    steps = [fact.seq for fact in moving if fact.body.kind == "step_fired"]
    assert steps
    assert steps[-1] < next(fact.seq for fact in moving if fact.body.kind == "relocated")
    moved, known = life.case, len(life.facts)
    assert moved.grid_path[0] == OTHER_PARK
    async with transaction(engine) as connection:
        await tell_hooks(connection, before, moving, moved)
        written = set((await connection.execute(text("SELECT id FROM outbox"))).scalars())
    case = before.report_id
    assert written == {derived_id("case", case, "effect", f"hook {HOOKS[PARK]} {seq}", 0) for seq in steps}
    moment = next_wake_up(life.case)
    while "step_fired" not in life.kinds()[known:]:
        assert moment is not None
        life.now = moment
        life.do(None, WakeUp(moment=moment))
        moment = next_wake_up(life.case)
    async with transaction(engine) as connection:
        await tell_hooks(connection, moved, life.facts[known:], life.case)
        later = set((await connection.execute(text("SELECT id FROM outbox"))).scalars()) - written
    steps = [fact.seq for fact in life.facts[known:] if fact.body.kind == "step_fired"]
    assert later == {derived_id("case", case, "effect", f"hook {HOOKS[OTHER_PARK]} {seq}", 0) for seq in steps}
