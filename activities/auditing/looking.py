"""When a difference is a finding: it is there at several looks in a row, because a change in progress is no drift."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from models.jobs.audit import Finding

#: How often in a row the same kinds must be seen, and the pause between two looks (our choice).
LOOKS, PAUSE = 3, timedelta(seconds=1)
#: After so many looks at a subject whose kinds keep changing, the last of them is what is found.
MOST_LOOKS = 2 * LOOKS


async def confirmed(look: Callable[[bool], Awaitable[tuple[Finding, ...]]]) -> tuple[Finding, ...]:
    """Return what is still found after several looks. `look` is told whether it looks again.

    Another kind than the look before found is looked at anew: a repair or a command may have gone between the reading
    of the one store and of the other.
    """
    found: tuple[Finding, ...] = ()
    times = 0
    for count in range(MOST_LOOKS):
        if count:
            await asyncio.sleep(PAUSE.total_seconds())
        before, found = found, await look(count > 0)
        if not found:
            return ()
        times = times + 1 if _kinds(found) == _kinds(before) else 1
        if times == LOOKS:
            break
    return found


def _kinds(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.kind for finding in findings}
