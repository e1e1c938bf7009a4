"""`gridloop suggestions`: the models behind the suggestions at intake."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.database import DEFAULT_DATA_DIR, DataDir, exit_when_away
from cli.labels import localize
from cli.operator import open_resources
from cli.output import fail, out, print_json
from infra.objects import ObjectsAway
from models.english import counted
from models.jobs.suggestions import TrainingDone
from models.suggestions import ModelFigures, Target, TargetFigures
from services.files.service_requests import UnreadableFile, read_requests
from services.suggestions.accuracy import ModelList, ModelView, models_of_parks
from services.suggestions.closed_cases import parks, read_closed
from services.suggestions.features import read_text
from services.suggestions.fit import Example
from services.suggestions.fit_process import TrainingFailed, fit_apart
from services.suggestions.train import train_all

app = typer.Typer(help="What is suggested at intake: train, evaluate on newer cases, show how right it was.")

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_CERTAINTY = 0.7
_TARGETS = {
    Target.CATEGORY: ("类别", "category"),
    Target.HOST: ("主办部门", "host"),
    Target.SEVERITY: ("紧急程度", "severity"),
}
_SILENT = {
    "recent": ("已有新模型", "there is a new model already"),
    "few": ("已结案件不够", "not enough closed cases"),
    "alike": ("没有可区分的结果", "nothing to tell apart"),
}


@app.command()
def train(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Make a model now for every park that has enough closed cases."""

    async def run() -> TrainingDone:
        async with open_resources(data_dir) as resources:
            return await train_all(resources.engine, resources.settings, at_once=True)

    with exit_when_away():
        try:
            done = asyncio.run(run())
        except ObjectsAway as error:
            fail(localize(f"模型存储无法访问:{error}", f"the store of models cannot be reached: {error}"))
        except TrainingFailed as error:
            fail(localize(f"训练失败:{error}", f"the training failed: {error}"))
    if as_json:
        print_json(done)
        return
    for park, version in done.made.items():
        out.print(localize(f"{park}:第 {version} 版", f"{park}: version {version}"))
    for park, why in done.silent.items():
        out.print(f"{park}: {localize(*_SILENT[why])}")


@app.command()
def evaluate(
    file: Annotated[
        Path | None, typer.Argument(help="Service requests (JSON, CSV, Excel). Without: the system's closed cases.")
    ] = None,
    text: Annotated[str, typer.Option(help="The column of the words.")] = "title",
    label: Annotated[str, typer.Option(help="The column of the category.")] = "service_code",
    at: Annotated[
        str, typer.Option(help="The column of the moment, by which rows are ordered.")
    ] = "requested_datetime",
    certainty: Annotated[float, typer.Option(min=0.3, max=1, help="The least certainty to be shown.")] = _CERTAINTY,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Learn from the oldest 60 %, calibrate on the next 20 %, and test on the newest 20 %. Stores nothing."""
    try:
        named = {"": _from_file(file, text, label, at)} if file is not None else _from_system(data_dir)
        figures = {name: _fit(examples, certainty) for name, examples in named.items()}
    except TrainingFailed as error:
        fail(localize(f"训练失败:{error}", f"the training failed: {error}"))
    if as_json:
        print_json({name: one.model_dump(mode="json") for name, one in figures.items()})
        return
    for name, one in figures.items():
        if name:
            out.print(name)
        for target in one.targets:
            _print_target(target)
        if not one.targets:
            out.print(localize("案件太少,没有可学的。", "too few cases: there is nothing to learn."))


@app.command()
def status(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Show the models of every park, how right they were on newer cases, and what people decided."""

    async def run() -> ModelList:
        async with open_resources(data_dir) as resources, resources.reading.connect() as connection:
            return await models_of_parks(connection, datetime.now(UTC), resources.settings.suggestion_cases)

    with exit_when_away():
        found = asyncio.run(run())
    if as_json:
        print_json(found)
        return
    for park in found.parks:
        closed = localize(
            f"{park.name} {park.park}:可学案件 {park.closed_cases} 件,需 {found.needed} 件",
            f"{park.name} {park.park}: "
            f"{counted(park.closed_cases, 'closed case')} to learn from, {found.needed} needed",
        )
        out.print(closed)
        for model in park.models:
            _print_model(model)


def _from_file(file: Path, text: str, label: str, at: str) -> Sequence[Example]:
    try:
        table = read_requests(file, (text, label, at))
    except UnreadableFile as error:
        fail(localize(error.zh, error.en))
    rows = [(str(row.get(at, "")), str(row.get(text) or ""), str(row.get(label) or "")) for _, row in table.rows]
    rows = sorted(row for row in rows if row[1] and row[2])
    return [Example(form=read_text(words, "").form, category=category) for _, words, category in rows]


def _from_system(data_dir: Path) -> dict[str, Sequence[Example]]:
    async def run() -> dict[str, Sequence[Example]]:
        async with open_resources(data_dir) as resources, resources.reading.connect() as connection:
            now, found = datetime.now(UTC), {}
            for park in await parks(connection):
                closed = await read_closed(connection, park, now)
                found[park] = closed.examples if closed is not None else ()
            return found

    with exit_when_away():
        return asyncio.run(run())


def _fit(examples: Sequence[Example], certainty: float) -> ModelFigures:
    fitted = asyncio.run(fit_apart(examples, certainty))
    return ModelFigures() if fitted is None else fitted[0]


def _print_model(model: ModelView) -> None:
    made = localize(
        f"  第 {model.version} 版 {model.trained_at:%Y-%m-%d %H:%M},学自 {model.cases} 件",
        f"  version {model.version} of {model.trained_at:%Y-%m-%d %H:%M}, learnt from {counted(model.cases, 'case')}",
    )
    out.print(made)
    decided = {one.target: one for one in model.decided}
    for target in model.held_out:
        _print_target(target)
        if (one := decided.get(target.target)) is not None:
            taken = _share(one.taken, one.shown)
            out.print("    " + localize(f"人工采纳 {taken}", f"taken over by people: {taken}"))


def _print_target(one: TargetFigures) -> None:
    silent = "" if one.speaks else localize(",不显示", ", not shown")
    name = localize(*_TARGETS[one.target])
    counts = localize(f"{one.values} 个取值,测试 {one.tested} 件", f"{one.values} values, {one.tested} tested")
    out.print(f"  {name}: {counts}{silent}")
    lines = [
        (("第一建议正确", "the first was right"), one.first, one.tested),
        (("前三之内有正确的", "one of three was right"), one.among_three, one.tested),
        (("总猜最常见值", "always the most frequent value"), one.frequent, one.tested),
        (("按规则", "by the rules"), one.by_rule, one.tested),
        (
            (f"把握不低于 {one.certainty:.0%} 的建议", f"suggestions with a certainty of {one.certainty:.0%} or more"),
            one.covered,
            one.tested,
        ),
        (("其中正确", "of these right"), one.covered_right, one.covered),
    ]
    for words, part, whole in lines:
        if part is not None:
            out.print(f"    {localize(*words)}: {_share(part, whole)}")
    for band in one.bands:
        if band.shown:
            words = (
                f"把握 {band.low:.0%}–{band.high:.0%} 时正确",
                f"right at a certainty of {band.low:.0%} to {band.high:.0%}",
            )
            out.print(f"    {localize(*words)}: {_share(band.right, band.shown)}")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%} ({part}/{whole})" if whole else "–"
