"""推演 started from the pages: a run of its own beside the pages, its progress and its result kept as files.

Every process that shares the data directory shows them. A run whose process has ended is told as broken off.
"""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import open_database
from infra.settings import Settings
from models.base import Frozen, Instant
from models.context import Person
from models.errors import NoSuchPage
from models.ids import new_id
from services.admin.policies import as_file
from services.admin.rights import check_admin
from services.files.reference_files import BadFile
from services.simulation.page import render_page
from services.simulation.results import Result
from services.simulation.run import CannotSimulate, simulate_facts

log = structlog.get_logger(__name__)

#: Without a sign of life for so long, a run has been broken off.
SILENCE = timedelta(seconds=90)
#: How often a run tells how far it is, in seconds.
_BEAT = 1.0


class Run(Frozen):
    """A run: of which draft against which version, how far it is, and what came of it."""

    id: UUID
    title: str
    against: str
    started_at: Instant
    told_at: Instant
    state: Literal["running", "done", "failed"] = "running"
    done: int = 0
    total: int = 0
    why_zh: str = ""
    why_en: str = ""
    result: Result | None = None

    def is_broken_off(self, now: datetime) -> bool:
        """Whether it was running and has fallen silent."""
        return self.state == "running" and now - self.told_at > SILENCE


def _place(settings: Settings) -> Path:
    place = settings.data_dir / "simulations"
    place.mkdir(parents=True, exist_ok=True)
    return place


def _keep(settings: Settings, run: Run) -> None:
    fresh = _place(settings) / f".{run.id}.{threading.get_ident()}"
    fresh.write_text(run.model_dump_json(), encoding="utf-8")
    fresh.replace(_place(settings) / f"{run.id}.json")


def find_run(settings: Settings, id_: UUID) -> Run:
    """A run as it stands. Raises NoSuchPage."""
    try:
        return Run.model_validate_json((_place(settings) / f"{id_}.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NoSuchPage(what=f"simulation {id_}") from error


def report_of(settings: Settings, id_: UUID) -> str:
    """The page of charts of a run that is done. Raises NoSuchPage."""
    found = find_run(settings, id_).result
    if found is None:
        raise NoSuchPage(what=f"simulation {id_}")
    return render_page(found)


async def start_run(
    settings: Settings, engine: AsyncEngine, person: Person, title: str, content: str, version: int, now: datetime
) -> UUID:
    """Starts a run of the draft against a published version over everything recorded. Raises NotYours, BadFile."""
    await check_admin(engine, person, now, "simulate")
    with as_file(content):
        pass  # broken YAML is told at once
    run = Run(id=new_id(), title=title, against=f"v{version}", started_at=now, told_at=now)
    _keep(settings, run)
    threading.Thread(target=_live, args=(settings, run, content), daemon=True, name=f"simulation-{run.id}").start()
    return run.id


def _live(settings: Settings, run: Run, content: str) -> None:
    """The run itself, in a thread and an event loop of its own: the pages go on meanwhile."""
    latest = run

    def tell(done: int, total: int) -> None:
        nonlocal latest
        now = datetime.now(UTC)
        if (now - latest.told_at).total_seconds() >= _BEAT or done == total:
            latest = latest.model_copy(update={"told_at": now, "done": done, "total": total})
            _keep(settings, latest)

    try:
        result = asyncio.run(_simulate(settings, run, content, tell))
        ended = latest.model_copy(update={"state": "done", "result": result})
    except CannotSimulate as error:
        ended = latest.model_copy(update={"state": "failed", "why_zh": error.zh, "why_en": error.en})
    except BadFile as error:
        told = {language: "\n".join(p.text(language) for p in error.problems) for language in ("zh", "en")}
        ended = latest.model_copy(update={"state": "failed", "why_zh": told["zh"], "why_en": told["en"]})
    except Exception:
        log.exception("a simulation failed", simulation=str(run.id))
        ended = latest.model_copy(
            update={"state": "failed", "why_zh": "内部错误,见日志", "why_en": "internal error, see the log"}
        )
    _keep(settings, ended.model_copy(update={"told_at": datetime.now(UTC)}))


async def _simulate(settings: Settings, run: Run, content: str, tell: Callable[[int, int], None]) -> Result:
    engine = open_database(settings)
    try:
        with as_file(content) as path:
            return await simulate_facts(
                engine,
                [run.against, str(path)],
                source="已记录的案件 recorded cases",
                now=run.started_at,
                progress=tell,
            )
    finally:
        await engine.dispose()
