"""What the commands to a station lead to, the changes that its readings brought about included."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.errors import CategoryOutOfUse, InputError, UnknownCategory, UnknownDepartment
from models.matters.base import MatterBody, MatterCommand
from models.matters.context import MatterContext
from models.matters.metrics import Change, ChangeKind, Metric
from models.matters.station import (
    BreachBegan,
    BreachEnded,
    BreachJoined,
    ChangeStation,
    EndStation,
    HeardAgain,
    KeyRevoked,
    KeyRotated,
    Observe,
    RegisterStation,
    RevokeKey,
    RotateKey,
    Station,
    StationAround,
    StationChanged,
    StationEnded,
    StationRegistered,
)
from rules.matters.climb import rungs_after
from rules.matters.stations.watch import clear_at


def watch_at(heard_at: datetime, minutes: int) -> datetime:
    """When a station last heard at `heard_at` has been silent for so many minutes."""
    return heard_at + timedelta(minutes=minutes)


def decide(station: Station | None, command: MatterCommand, ctx: MatterContext) -> Sequence[MatterBody]:
    """The facts of a command. Raises UnknownCategory, CategoryOutOfUse, UnknownDepartment or InputError."""
    if isinstance(command, RegisterStation):
        return [_registered(command, ctx)]
    assert station is not None
    match command:
        case ChangeStation():
            return [_changed(command, ctx)]
        case RotateKey(key_digest=digest):
            return [KeyRotated(key_digest=digest, watch_at=watch_at(ctx.now, station.silence_minutes))]
        case RevokeKey(reason=reason):
            if station.key_digest is None:
                raise InputError(why_zh="该站没有密钥", why_en="the station has no key")
            return [KeyRevoked(reason=reason)]
        case EndStation(reason=reason):
            return [StationEnded(reason=reason)]
    assert isinstance(command, Observe)
    return _observed(station, command, ctx)


def _registered(command: RegisterStation, ctx: MatterContext) -> StationRegistered:
    _check_metrics(command.metrics, ctx)
    _check_department(command.department, ctx)
    return StationRegistered(
        **command.model_dump(exclude={"kind", "metrics", "location"}),
        metrics=command.metrics,
        location=command.location,
        grid_path=ctx.grid_path,
    )


def _changed(command: ChangeStation, ctx: MatterContext) -> StationChanged:
    _check_metrics(command.metrics or (), ctx)
    _check_department(command.department, ctx)
    given = {name: getattr(command, name) for name in type(command).model_fields if name != "kind"}
    if all(value is None for name, value in given.items() if name != "note"):
        raise InputError(why_zh="没有要修改的内容", why_en="nothing is to be changed")
    return StationChanged(**given)


def _check_metrics(metrics: Sequence[Metric], ctx: MatterContext) -> None:
    for place, metric in enumerate(metrics):
        if metric.category is None:
            continue
        category = ctx.policy.category(metric.category)
        if category is None:
            raise UnknownCategory(category=metric.category, pointer=f"/metrics/{place}/category")
        if not category.active:
            raise CategoryOutOfUse(category=metric.category, pointer=f"/metrics/{place}/category")


def _check_department(department: str | None, ctx: MatterContext) -> None:
    if department is not None and ctx.department(department) is None:
        raise UnknownDepartment(department=department, pointer="/department")


def _observed(station: Station, command: Observe, ctx: MatterContext) -> list[MatterBody]:
    bodies: list[MatterBody] = []
    if station.silent_since is not None:
        case_no = open_case(station, None, around_of(ctx))
        bodies.append(HeardAgain(heard_at=command.heard_at, since=station.silent_since, case_no=case_no))
    opening: set[str] = set()
    for change in command.changes:
        metric = station.metric(change.metric)
        if metric is None or metric.category is None:
            continue  # measured no more since the reading came in
        known = station.case_of(change.metric)
        open_no = open_case(station, change.metric, around_of(ctx))
        pending = change.metric in opening or (known is not None and known.errand in station.opening)
        if change.what is ChangeKind.ENDED:
            bodies.append(
                BreachEnded(change=change, name=metric.name, case_no=None if pending else (known and known.case_no))
            )
        elif open_no is not None or pending:
            bodies.append(BreachJoined(change=change, name=metric.name, case_no=None if pending else open_no))
        else:
            opening.add(change.metric)
            errand = f"case:{change.metric}:{station.seq + len(bodies) + 1}"
            bodies.append(_breach_began(station, metric, change, errand, ctx))
    return bodies


def open_case(station: Station, metric: str | None, around: StationAround) -> str | None:
    """The number of the open case of that metric, or of the lead that it was merged into; None: none is open."""
    known = station.case_of(metric)
    return around.open_cases.get(known.case_no) if known is not None and known.case_no is not None else None


def around_of(ctx: MatterContext) -> StationAround:
    return ctx.extra if isinstance(ctx.extra, StationAround) else StationAround()


def _breach_began(station: Station, metric: Metric, change: Change, errand: str, ctx: MatterContext) -> BreachBegan:
    assert metric.category is not None
    zone = ZoneInfo(ctx.policy.zone)
    beyond = "高于" if change.side == "above" else "低于"
    unit = metric.unit
    return BreachBegan(
        change=change,
        name=metric.name,
        errand=errand,
        category=metric.category,
        severity=metric.severity,
        rungs=rungs_after(ctx.now, ctx),
        title=f"{station.name}:{metric.name}{beyond}限值"[:120],
        description=(
            f"监测站 {station.code} {station.name}:{metric.name}自 {change.since.astimezone(zone):%m-%d %H:%M} 起"
            f"{beyond}限值 {change.limit:g} {unit},至 {change.at.astimezone(zone):%m-%d %H:%M}"
            f"已持续 {metric.minutes} 分钟以上,最近值 {change.value:g} {unit},最严重值 {change.peak:g} {unit}。"
            f"恢复到 {clear_at(metric, change.side):g} {unit} 以内方视为结束。"
        ),
    )
