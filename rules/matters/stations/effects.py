"""What the facts of a station set off: cases to open, and what open cases are told."""

from collections.abc import Mapping, Sequence

from models.commands import Inform, Report
from models.commands.report import MatterReference
from models.enums import Source
from models.facts import Actor
from models.ids import derived_id
from models.matters.base import MatterBody, MatterFact, MatterKind
from models.matters.common import OpeningSettled
from models.matters.effects import Effect, OpenCase, TellCase
from models.matters.metrics import ChangeKind
from models.matters.station import BreachBegan, BreachEnded, BreachJoined, HeardAgain, SilenceReported, Station
from models.wire_names import STATIONS


def effects(before: Station | None, fact: MatterFact, after: Station) -> Sequence[Effect]:
    """The cases to open, and what open cases are told."""
    match fact.body:
        case BreachBegan() as body:
            return [_open(after, body.errand, body.category, body.title, body.description, fact, body)]
        case SilenceReported(errand=str(errand)) as body:
            return [_open(after, errand, body.category, body.title, body.description, fact)]
        case SilenceReported(case_no=str(case_no)) as body:
            return [_tell(after, case_no, "station_silent", {"since_at": body.since.isoformat()})]
        case BreachJoined(case_no=str(case_no)) | BreachEnded(case_no=str(case_no)):
            return [_tell(after, case_no, *words_of(fact.body))]
        case HeardAgain(case_no=str(case_no)) as body:
            return [_tell(after, case_no, "station_heard", {"since_at": body.since.isoformat()})]
        case OpeningSettled(case_no=str(case_no), errand=errand) if before is not None:
            untold = [told for case in before.cases if case.errand == errand for told in case.untold]
            return [_tell(after, case_no, told.what, told.values) for told in untold]
    return []


def words_of(body: MatterBody) -> tuple[str, dict[str, str]]:
    assert isinstance(body, BreachJoined | BreachEnded)
    change = body.change
    what = {
        ChangeKind.BEGAN: "breach_further",
        ChangeKind.AGAIN: "breach_again",
        ChangeKind.LASTS: "breach_lasts",
        ChangeKind.ENDED: "breach_ended",
    }[change.what]
    return what, {
        "metric": change.metric,
        "since_at": change.since.isoformat(),
        "at": change.at.isoformat(),
        "value": f"{change.value:g}",
        "threshold": f"{change.limit:g}",
        "peak": f"{change.peak:g}",
    }


def _tell(station: Station, case_no: str, what: str, values: Mapping[str, str]) -> TellCase:
    metric = station.metric(values["metric"]) if "metric" in values else None
    shown = dict(values) if metric is None else {**values, "metric": metric.name, "unit": metric.unit}
    about = Inform(matter_kind=MatterKind.STATION, code=station.code, name=station.name, what=what, values=shown)
    return TellCase(case_no=case_no, command=about)


def _open(
    station: Station,
    errand: str,
    category: str,
    title: str,
    description: str,
    fact: MatterFact,
    body: BreachBegan | None = None,
) -> OpenCase:
    """Ask for the case. It is reported now, whatever the readings' times: no clock of it begins in the past."""
    report = Report(
        report_id=derived_id(station.id, errand),
        category=category,
        title=title,
        description=description,
        grid=station.grid,
        location=station.location,
        occurred_at=fact.at if body is None else min(body.change.since, fact.at),
        reported_at=fact.at,
        severity=None if body is None else body.severity,
        source=Source.SENSOR,
        matter=MatterReference(kind=MatterKind.STATION, code=station.code, name=station.name),
        content_hash=f"{station.id}:{errand}",
    )
    return OpenCase(errand=errand, report=report, actor=Actor(person=STATIONS))
