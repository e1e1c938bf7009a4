"""`gridloop retention`: erase the reporters whose time has come."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.database import DEFAULT_DATA_DIR, DataDir, exit_when_away
from cli.labels import localize
from cli.operator import read_settings
from cli.output import fail, out, print_json
from infra.database import open_database
from services.reporters.retention import RetentionRun, retain


def retention(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only; erase nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Erase reporters whose cases closed longer ago than the policy keeps them, unless under legal hold.

    Once a night this happens by itself.
    """
    settings = read_settings(data_dir)

    async def run() -> RetentionRun | None:
        engine = open_database(settings)
        try:
            return await retain(engine, datetime.now(UTC), dry=dry_run)
        finally:
            await engine.dispose()

    with exit_when_away():
        done = asyncio.run(run())
    if done is None:
        fail(localize("尚未发布政策", "no policy is published"))
    if as_json:
        print_json(done)
        return
    word = localize("将删除", "would erase") if dry_run else localize("已删除", "erased")
    held = localize("依法留存", "held")
    out.print(f"{word} {done.erased}; {held} {done.held}")
    for category, number in sorted(done.categories.items()):
        out.print(f"  {category}  {number}")
