"""`gridloop attachments`: move attachments between a folder and a bucket, and check that all of them are there."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.database import DEFAULT_DATA_DIR, DataDir, exit_when_away
from cli.labels import localize
from cli.operator import read_settings
from cli.output import err, fail, language, out, print_json
from cli.progress import counting
from infra.database import open_database
from infra.logging import quieten_logging
from infra.objects import is_bucket
from infra.setting_types import check_place
from infra.settings import Settings
from models.errors import DomainError
from services.attachments.checking import Checked, check_attachments
from services.attachments.copying import Copied, copy_attachments
from services.attachments.store import Attachments, attachments_of, open_place

#: How many hashes of a kind are listed; `--json` gives all.
MAX_LISTED = 50

app = typer.Typer(no_args_is_help=True, help="Attachments: copy them to a folder or a bucket, check them.")

AtOnce = Annotated[int, typer.Option("--at-once", min=1, max=64, help="How many files at a time.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command()
def copy(
    to: Annotated[str, typer.Option("--to", help="A folder, or s3://bucket/path.")],
    from_: Annotated[str | None, typer.Option("--from", help="The same; by default where attachments are now.")] = None,
    at_once: AtOnce = 8,
    verify_all: Annotated[
        bool, typer.Option("--verify-all", help="Read also the files that are there already.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove each file from its old place once it was read at the new one.")
    ] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Copy every attachment to another place; each is checked against its hash. The old place stays as it is.

    Safe to stop and to repeat: what is there already is not sent again. Exits with 1 when a file is damaged.
    """
    settings = _settings(data_dir)
    with _told():
        present = attachments_of(settings)
        source = present if from_ is None else _open(settings, from_)
        target = _open(settings, to)
    if source.objects.place == target.objects.place:
        raise typer.BadParameter(localize("源与目标相同", "both places are the same"))
    if remove and source.objects.place == present.objects.place:
        fail(
            localize(
                "系统正从此处读取附件:请先把 GRIDLOOP_ATTACHMENTS 改到新位置并重启,再删除",
                "the system reads its attachments there: set GRIDLOOP_ATTACHMENTS to the new place and restart first",
            )
        )
    _check_folder(source)
    with counting(localize("附件", "attachments")) as progress, _told():
        done = asyncio.run(
            copy_attachments(source, target, at_once=at_once, progress=progress, verify_all=verify_all, remove=remove)
        )
    if as_json:
        print_json(done)
    else:
        _print_copied(done)
    raise typer.Exit(1 if done.damaged else 0)


@app.command()
def check(
    place: Annotated[
        str | None, typer.Option("--place", help="A folder, or s3://bucket/path; by default where attachments are now.")
    ] = None,
    sizes: Annotated[bool, typer.Option("--sizes", help="Compare sizes only; do not read the files.")] = False,
    at_once: AtOnce = 8,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Compare the stored files with what is registered: which are missing, damaged, or registered nowhere.

    Changes nothing. Exits with 1 when there is any of them.
    """
    settings = _settings(data_dir)
    with _told():
        attachments = attachments_of(settings) if place is None else _open(settings, place)
    _check_folder(attachments)

    async def run() -> Checked:
        engine = open_database(settings)
        try:
            now = datetime.now(UTC)
            return await check_attachments(engine, attachments, now, read=not sizes, at_once=at_once, progress=progress)
        finally:
            await engine.dispose()

    with counting(localize("附件", "attachments")) as progress, exit_when_away(), _told():
        done = asyncio.run(run())
    if as_json:
        print_json(done)
    else:
        _print_checked(done)
    raise typer.Exit(1 if done.faults else 0)


def _settings(data_dir: Path) -> Settings:
    settings = read_settings(data_dir)
    quieten_logging()  # what the log says of single files is in the result
    return settings


def _open(settings: Settings, place: str) -> Attachments:
    try:
        return open_place(settings, check_place(place))
    except ValueError as error:
        raise typer.BadParameter(localize("位置须为文件夹,或形如 s3://bucket/path 的存储桶", str(error))) from error


def _check_folder(attachments: Attachments) -> None:
    place = attachments.objects.place
    if not is_bucket(place) and not Path(place).is_dir():
        fail(localize(f"没有文件夹 {place}", f"there is no folder {place}"))


@contextmanager
def _told() -> Iterator[None]:
    """Exit with code 1 when the block finds a store of attachments away, refusing, or full; with the reason."""
    try:
        yield
    except DomainError as error:
        reason = f": {error.__cause__}" if error.__cause__ is not None else ""
        fail(f"{error.message(language())}{reason}")


def _print_copied(done: Copied) -> None:
    size = f"{done.bytes / 1_000_000:.1f} MB"
    out.print(
        localize(
            f"新复制 {done.copied} 个({size}),原已在 {done.present} 个,旧处已删 {done.removed} 个",
            f"copied {done.copied} ({size}), there already {done.present}, removed at the old place {done.removed}",
        ),
        highlight=False,
    )
    _print_hashes(localize("已损坏,未复制", "damaged, not copied"), done.damaged)
    if not done.damaged:
        out.print(localize("✓ 全部核对一致", "✓ every file agrees with its hash"), style="green")


def _print_checked(done: Checked) -> None:
    out.print(
        localize(f"已登记 {done.files} 个,已读取 {done.read} 个", f"registered {done.files}, read {done.read}"),
        highlight=False,
    )
    _print_hashes(localize("缺失", "missing"), done.missing)
    _print_hashes(localize("已损坏", "damaged"), done.damaged)
    _print_hashes(localize("未登记", "registered nowhere"), done.orphaned)
    if not done.faults:
        out.print(localize("✓ 附件完好", "✓ every attachment is there"), style="green")


def _print_hashes(title: str, hashes: Sequence[str]) -> None:
    if not hashes:
        return
    err.print(f"✗ {title}: {len(hashes)}", style="bold red", highlight=False)
    for sha256 in hashes[:MAX_LISTED]:
        err.print(f"  {sha256}", highlight=False, soft_wrap=True)
    if len(hashes) > MAX_LISTED:
        err.print("  …", highlight=False)
