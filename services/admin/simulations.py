"""Simulations (推演) started from the pages: a background run, whose progress and result are kept as files.

Every process that shares the data directory shows them. A run whose process has ended counts as interrupted.
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
from services.admin.policies import draft_file
from services.admin.rights import check_admin
from services.files.reference_files import BadFile
from services.simulation.page import render_page
from services.simulation.results import Result
from services.simulation.run import CannotSimulate, simulate_facts

log = structlog.get_logger(__name__)

#: A run without progress for this long counts as interrupted.
INTERRUPTED_AFTER = timedelta(seconds=90)
#: How often a run stores its progress, in seconds.
_PROGRESS_EVERY = 1.0


class Run(Frozen):
    """A run of a draft against a version, with its progress and its result."""

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

    def is_interrupted(self, now: datetime) -> bool:
        """Return whether it was running and has made no progress since."""
        return self.state == "running" and now - self.told_at > INTERRUPTED_AFTER


def _directory(settings: Settings) -> Path:
    directory = settings.data_dir / "simulations"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def _store(settings: Settings, run: Run) -> None:
    temporary = _directory(settings) / f".{run.id}.{threading.get_ident()}"
    temporary.write_text(run.model_dump_json(), encoding="utf-8")
    temporary.replace(_directory(settings) / f"{run.id}.json")


def find_run(settings: Settings, id_: UUID) -> Run:
    """Return a run as it stands. Raises NoSuchPage."""
    try:
        return Run.model_validate_json((_directory(settings) / f"{id_}.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NoSuchPage(what=f"simulation {id_}") from error


def render_run(settings: Settings, id_: UUID) -> str:
    """Return the page with charts of a run that is done. Raises NoSuchPage."""
    result = find_run(settings, id_).result
    if result is None:
        raise NoSuchPage(what=f"simulation {id_}")
    return render_page(result)


async def start_run(
    settings: Settings, engine: AsyncEngine, person: Person, title: str, content: str, version: int, now: datetime
) -> UUID:
    """Start a run of the draft against a published version over everything recorded. Raises NotYours, BadFile."""
    await check_admin(engine, person, now, "simulate")
    with draft_file(content):
        pass  # broken YAML is reported at once
    run = Run(id=new_id(), title=title, against=f"v{version}", started_at=now, told_at=now)
    _store(settings, run)
    threading.Thread(target=_run, args=(settings, run, content), daemon=True, name=f"simulation-{run.id}").start()
    return run.id


def _run(settings: Settings, run: Run, content: str) -> None:
    """Run the simulation, in a thread and an event loop of its own, so that the pages stay responsive."""
    latest = run

    def report_progress(done: int, total: int) -> None:
        nonlocal latest
        now = datetime.now(UTC)
        if (now - latest.told_at).total_seconds() >= _PROGRESS_EVERY or done == total:
            latest = latest.model_copy(update={"told_at": now, "done": done, "total": total})
            _store(settings, latest)

    try:
        result = asyncio.run(_simulate(settings, run, content, report_progress))
        ended = latest.model_copy(update={"state": "done", "result": result})
    except CannotSimulate as error:
        ended = latest.model_copy(update={"state": "failed", "why_zh": error.zh, "why_en": error.en})
    except BadFile as error:
        messages = {language: "\n".join(p.text(language) for p in error.problems) for language in ("zh", "en")}
        ended = latest.model_copy(update={"state": "failed", "why_zh": messages["zh"], "why_en": messages["en"]})
    except Exception:
        log.exception("simulation failed", simulation=str(run.id))
        ended = latest.model_copy(
            update={"state": "failed", "why_zh": "内部错误,见日志", "why_en": "internal error, see the log"}
        )
    _store(settings, ended.model_copy(update={"told_at": datetime.now(UTC)}))


async def _simulate(settings: Settings, run: Run, content: str, report_progress: Callable[[int, int], None]) -> Result:
    engine = open_database(settings)
    try:
        with draft_file(content) as path:
            return await simulate_facts(
                engine,
                [run.against, str(path)],
                source="已记录的案件 recorded cases",
                now=run.started_at,
                progress=report_progress,
            )
    finally:
        await engine.dispose()
