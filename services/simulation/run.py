"""Simulation (推演): policies side by side over recorded facts, or over a file of reports with real closing times.

Nothing is stored, and the database is only read. What is counted, and what not, is documented in
`rules.simulation.world`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.store.recorded import count_cases, stream_recorded_cases
from models.errors import NoSuchPage
from models.policy.document import Policy
from rules.evolve import GapInFacts
from rules.simulation.recorded import recorded_clocks
from rules.simulation.tallies import Simulation
from rules.simulation.world import RecordedClock, Roster, World
from services.files.errors import Unusable
from services.files.service_requests import Row
from services.plans.load import read_load
from services.policies.files import read_policy
from services.policies.versions import read_version
from services.reports.import_list import Mapping
from services.simulation.reports import CLOSING_COLUMNS, Places, read_reports
from services.simulation.results import LETTERS, Names, RejectedRow, Result, compare_policies, policy_result
from services.simulation.rosters import read_roster_from_database, read_roster_from_files

#: Called with the number done, and the total.
Progress = Callable[[int, int], None]

#: The name of a published version, in place of a file.
VERSION = re.compile(r"v([0-9]{1,9})")
#: After how many clocks progress is reported.
_PROGRESS_EVERY = 100


class CannotSimulate(Unusable):
    """The simulation can't be run; the message says why, in both languages."""


@dataclass(frozen=True)
class Choice:
    """A policy to simulate, with the name it was chosen by: a file's name or a version."""

    label: str
    policy: Policy


def check_choice(names: Sequence[str]) -> None:
    """Raise CannotSimulate unless there are 1 to 4 policies."""
    if not names:
        raise CannotSimulate("至少给出一个 --policy", "give at least one --policy")
    if len(names) > len(LETTERS):
        limit = len(LETTERS)
        raise CannotSimulate(
            f"最多比较 {limit} 套规则,给出了 {len(names)} 套",
            f"at most {limit} policies are compared, {len(names)} were given",
        )


def is_version(name: str) -> bool:
    """Return whether a policy is named by its published version (`v3`) and so needs the database."""
    return VERSION.fullmatch(name) is not None


async def read_choices(names: Sequence[str], connection: AsyncConnection | None) -> tuple[Choice, ...]:
    """Return the policies of these names: files, or `vN` as published.

    Raises BadFile, FileNotFoundError, or CannotSimulate for a version that was never published.
    """
    choices = []
    for name in names:
        match = VERSION.fullmatch(name)
        if match is None:
            choices.append(Choice(Path(name).name, read_policy(Path(name))))
            continue
        assert connection is not None, "versions are looked up in the database"
        try:
            choices.append(Choice(name, await read_version(connection, int(match[1]))))
        except NoSuchPage as error:
            raise CannotSimulate(
                f"没有第 {match[1]} 版规则", f"policy version {match[1]} was never published"
            ) from error
    return tuple(choices)


@dataclass
class _Extent:
    """What was replayed: how many cases and clocks, how many still run, from when to when."""

    cases: set[str]
    clocks: int = 0
    running: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, clock: RecordedClock) -> None:
        self.cases.add(clock.case)
        self.clocks += 1
        self.running += clock.ended_at is None
        self.first = min(self.first or clock.started_at, clock.started_at)
        self.last = max(self.last or clock.started_at, clock.started_at)


class _Run:
    """The policies over one roster, and what has been added so far."""

    def __init__(self, choices: Sequence[Choice], roster: Roster, names: Names, now: datetime) -> None:
        self._choices = choices
        self._names = names
        self._now = now
        self._extent = _Extent(set())
        self._simulation = Simulation([World(choice.policy, roster) for choice in choices])

    def add(self, clocks: Iterable[RecordedClock]) -> None:
        """Replay clocks."""
        for clock in clocks:
            self._extent.add(clock)
            self._simulation.add(clock, self._now)

    def result(
        self, source: str, replayed: str, description: tuple[str, str], rejected: Sequence[RejectedRow]
    ) -> Result:
        """Return the figures."""
        simulation, extent = self._simulation, self._extent
        simulation.finish()
        return Result.model_validate(
            {
                "source": source,
                "replayed": replayed,
                "replayed_zh": description[0],
                "replayed_en": description[1],
                "zone": self._choices[0].policy.zone,
                "as_of": self._now,
                "cases": len(extent.cases),
                "clocks": extent.clocks,
                "still_running": extent.running,
                "first_at": extent.first,
                "last_at": extent.last,
                "rejected": len(rejected),
                "rejected_rows": tuple(rejected),
                "policies": tuple(
                    policy_result(simulation, place, choice.label, self._names)
                    for place, choice in enumerate(self._choices)
                ),
                "comparisons": tuple(
                    compare_policies(comparison, simulation, self._names) for comparison in simulation.comparisons
                ),
            }
        )


REPORTS_ZH = (
    "每条上报按所属标准走一段处置计时,从上报到结案。受理与派遣视为立即完成:文件里没有这两个环节的时间。"
    "结案时间取自:{column}。人员按今天的名册计。"
)
REPORTS_EN = (
    "One clock of handling per report, from opening to closing, by the standard of its category and severity. "
    "Acceptance and dispatch are taken as immediate, because the file does not tell them. "
    "Closing times are from: {column}. People are those of today's roster."
)
FACTS_ZH = (
    "每件案件每个环节、每一轮的计时,按实际的起止重放:中止照旧,延期按原有时长折算,先行知悉照旧;仍在办的算到现在。"
    "人工升级、人工督办与环节中途的位置变更不重放。人员按今天的名册计。"
)
FACTS_EN = (
    "Every recorded clock, of each stage and round, from its real start to its real end: pauses are kept, extensions "
    "kept in measure, acknowledgements kept; clocks that still run count up to now. Escalations and urge orders by "
    "people, and changes of place within a stage, are not replayed. People are those of today's roster."
)


def simulate_reports(
    choices: Sequence[Choice],
    rows: Sequence[Row],
    mapping: Mapping,
    *,
    source: str,
    now: datetime,
    closed_at: str | None = None,
    people: Path | None = None,
    strict: bool = False,
    progress: Progress = lambda done, of: None,
) -> Result:
    """Simulate the policies over a file of reports. Needs no server and no database.

    Raises BadFile, FileNotFoundError, and CannotSimulate when the column that `closed_at` names is missing, no row is
    usable or, with `strict`, any row is not.
    """
    if closed_at is not None and rows and not any(closed_at in record for _, record in rows):
        raise CannotSimulate(f"文件中没有 {closed_at} 这一列", f"the file has no column {closed_at}")
    places = Places()
    day = now.astimezone().date()
    roster, names = read_roster_from_files(places, day, people)
    reports = read_reports(rows, mapping, places, now, closed_at)
    rejected = tuple(
        RejectedRow(row=str(r.row), number=r.number, reason=r.en, reason_zh=r.zh) for r in reports.rejected
    )
    _check_usable(rejected, len(reports.clocks), strict)
    run = _Run(choices, roster, names, now)
    for done, clock in enumerate(reports.clocks, 1):
        run.add((clock,))
        if done % _PROGRESS_EVERY == 0 or done == len(reports.clocks):
            progress(done, len(reports.clocks))
    column = closed_at or " / ".join(CLOSING_COLUMNS)
    description = REPORTS_ZH.format(column=column), REPORTS_EN.format(column=column)
    return run.result(source, "reports", description, rejected)


async def simulate_facts(
    engine: AsyncEngine,
    names: Sequence[str],
    *,
    source: str,
    now: datetime,
    people: Path | None = None,
    strict: bool = False,
    progress: Progress = lambda done, of: None,
) -> Result:
    """Simulate the policies over everything recorded, read in one read-only transaction.

    Raises like `choose` and `simulate_reports`; a case with inconsistent facts is rejected by its id.
    """
    rejected: list[RejectedRow] = []
    async with engine.connect() as connection:
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        choices = await read_choices(names, connection)
        roster, roster_names = await read_roster_from_database(connection, now, choices[0].policy.zone, people)
        run = _Run(choices, roster, roster_names, now)
        total, done = await count_cases(connection), 0
        async for report_id, facts in stream_recorded_cases(connection):
            try:
                run.add(recorded_clocks(facts))
            except GapInFacts as gap:
                rejected.append(RejectedRow(row=str(report_id), number="", reason=str(gap)))
                _check_usable(rejected, 1, strict)
            done += 1
            if done % _PROGRESS_EVERY == 0 or done == total:
                progress(done, total)
        loads = [await read_load(connection, None, now, "zh", policy=choice.policy) for choice in choices]
    _check_usable(rejected, done, strict)
    result = run.result(source, "facts", (FACTS_ZH, FACTS_EN), rejected)
    return result.model_copy(update={"plans": tuple(loads)})


def _check_usable(rejected: Sequence[RejectedRow], usable: int, strict: bool) -> None:
    if rejected and (strict or not usable):
        first = rejected[0]
        raise CannotSimulate(
            f"{len(rejected)} 行不能用,首先是第 {first.row} 行({first.number}):{first.reason}",
            f"{len(rejected)} row(s) can't be used, first row {first.row} ({first.number}): {first.reason}",
        )
    if not usable:
        raise CannotSimulate("没有可推演的案件", "there is nothing to simulate")
