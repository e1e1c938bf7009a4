"""Take a batch of readings: all of it in one transaction, under the lock of the station's row.

Each reading has an outcome of its own, so that one broken value does not hold back a station's other readings; nothing
is stored of a reading that is refused, and nothing at all when the batch is. Only changes of state are sent on to the
station's matter, by the outbox, in the same transaction.

A station is heard only by readings that are evaluated: one whose clock is wrong, or that sends the same batch for ever,
is as good as silent, and somebody must look after it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.database import transaction
from infra.metrics import READINGS
from infra.store.outbox import insert_effects
from infra.store.policies import newest_version, policy_version
from infra.store.stations import known_values, lock_station, store_readings
from models.errors import (
    NoReadings,
    NoReadingTaken,
    StationKeyOfAnother,
    StationKeyWrong,
    TooManyReadings,
)
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.effects import ActOnMatter
from models.matters.readings import MOST_READINGS, ItemOutcome, Outcome, Reading, ReadingState, StationConfig, Taken
from models.matters.station import Observe
from rules.matters.stations.intake import Intake, Judged, take
from services.runtime.resources import Resources
from services.stations.keys import key_digest
from services.wording.field_names import field_name
from services.wording.input_faults import fault_text
from services.wording.refusals import refusal_message

_READING = TypeAdapter(Reading)


async def take_readings(
    resources: Resources, code: str, key: str | None, readings: Sequence[Any], now: datetime, language: str
) -> Taken:
    """Take `readings` (JSON values) of the station `code`, which sends them with its `key`.

    Raises StationKeyWrong, StationKeyOfAnother, NoReadings, TooManyReadings, NoReadingTaken when every reading was
    refused, or an error of the database: then nothing was stored, and the batch may be sent again.
    """
    if not readings:
        raise NoReadings(pointer="/readings")
    if len(readings) > MOST_READINGS:
        raise TooManyReadings(most=MOST_READINGS, count=len(readings), pointer="/readings")
    if key is None:
        raise StationKeyWrong()
    parsed = [_parse(index, item, language) for index, item in enumerate(readings)]
    good = [item for item in parsed if isinstance(item, Reading)]
    async with transaction(resources.engine) as connection:
        station = await lock_station(connection, key_digest(key))
        if station is None:
            raise StationKeyWrong()
        if station.code != code:
            raise StationKeyOfAnother(code=code)
        rules = (await policy_version(connection, await newest_version(connection))).park.stations
        known = await known_values(connection, station.matter_id, good)
        intake = take(station, good, known, now, rules)
        if any(judged.outcome is not Outcome.REFUSED for judged in intake.judged):
            await _store(connection, station, intake, now)
    taken = _taken(parsed, intake.judged, language)
    for outcome, count in taken.model_dump(exclude={"items"}).items():
        READINGS.labels(outcome=outcome).inc(count)
    if taken.refused == len(readings):
        raise NoReadingTaken(count=taken.refused, first=taken.items[0].detail, pointer="/readings/0")
    return taken


def _parse(index: int, item: Any, language: str) -> Reading | ItemOutcome:
    """Return the reading in `item`, or why there is none."""
    try:
        return _READING.validate_python(item)
    except ValidationError as error:
        faults = error.errors()
        said = "; ".join(f"{_name(fault['loc'], language)} {fault_text(fault, language)}".strip() for fault in faults)
        return ItemOutcome(index=index, outcome=Outcome.REFUSED, code="bad_input", detail=said)


def _name(location: Sequence[str | int], language: str) -> str:
    """What people call the field, else its name in the API; empty for the reading as a whole."""
    return field_name(location, language) or "/".join(str(part) for part in location)


async def _store(connection: AsyncConnection, station: StationConfig, intake: Intake, now: datetime) -> None:
    changed = {metric: watch for metric, watch in intake.watches.items() if watch != station.watches.get(metric)}
    heard = any(one.state is ReadingState.EVALUATED for one in intake.stored)
    await store_readings(connection, station.matter_id, intake.stored, changed, now, heard=heard)
    if intake.changes or (station.silent and heard):
        command = Observe(heard_at=now, changes=tuple(intake.changes)).model_dump(mode="json")
        effect = ActOnMatter(matter_kind=MatterKind.STATION, matter_id=station.matter_id, command=command)
        await insert_effects(connection, (MatterKind.STATION, station.matter_id), new_id(), (effect,), now)


def _taken(parsed: Sequence[Reading | ItemOutcome], judged: Sequence[Judged], language: str) -> Taken:
    """Return the counts, and an entry for each reading that was not simply stored."""
    verdicts = iter(judged)
    items: list[ItemOutcome] = []
    for index, item in enumerate(parsed):
        if isinstance(item, ItemOutcome):
            items.append(item)
            continue
        verdict = next(verdicts)
        error = verdict.error
        items.append(
            ItemOutcome(
                index=index,
                id=item.id,
                outcome=verdict.outcome,
                code=None if error is None else error.code,
                detail=None if error is None else refusal_message(error, language),
            )
        )
    counts = {outcome: sum(item.outcome is outcome for item in items) for outcome in Outcome}
    return Taken(
        stored=counts[Outcome.STORED],
        late=counts[Outcome.LATE],
        suspect=counts[Outcome.SUSPECT],
        duplicates=counts[Outcome.DUPLICATE],
        refused=counts[Outcome.REFUSED],
        items=tuple(item for item in items if item.outcome is not Outcome.STORED),
    )
