"""`gridloop history`: the anchors and the exports of recorded facts."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.database import DEFAULT_DATA_DIR, DataDir, exit_when_away
from cli.labels import localize
from cli.operator import read_settings
from cli.output import fail, out, print_json
from cli.progress import counting
from infra.database import open_database
from infra.settings import Settings
from infra.signing import SigningKeyUnreadable, load_signing_key
from models.english import counted
from models.jobs.history import AnchorsMade
from services.history.anchors import make_anchors
from services.history.export import ExportExists, Manifest, Progress, export_history

app = typer.Typer(no_args_is_help=True, help="Provable history: sign the hashes of all facts now, export the facts.")


@app.command()
def anchor(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Sign the hashes of all facts now and keep them in the folder of anchors.

    Once a day this happens by itself.
    """
    settings = read_settings(data_dir)

    async def run() -> AnchorsMade:
        engine = open_database(settings)
        try:
            return await make_anchors(engine, settings, today=True)
        finally:
            await engine.dispose()

    with exit_when_away():
        try:
            made = asyncio.run(run())
        except (SigningKeyUnreadable, OSError) as error:
            fail(localize(f"无法写锚:{error}", f"the anchor can't be written: {error}"))
    (day,) = made.days
    out.print(localize(f"✓ {day} 的锚已写入 {settings.anchors_dir}", f"✓ anchor of {day} in {settings.anchors_dir}"))


@app.command()
def export(
    target: Annotated[Path, typer.Argument(help="New folder, or a file ending in .zip.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Write all facts with their hashes, signed, so that others can verify them without our database.

    The export holds what was typed into cases: keep it as carefully as the database.
    """
    settings = read_settings(data_dir)
    with counting(localize("案件与事项", "cases and matters")) as progress, exit_when_away():
        try:
            manifest = asyncio.run(_export(settings, target, progress))
        except ExportExists:
            fail(localize(f"{target} 已存在", f"{target} exists already"))
        except (SigningKeyUnreadable, OSError) as error:
            fail(localize(f"无法导出:{error}", f"can't export: {error}"))
    if as_json:
        print_json(manifest)
        return
    out.print(
        localize(
            f"✓ {manifest.origins} 件案件与事项的 {manifest.facts} 条事实已写入 {target}",
            f"✓ {counted(manifest.facts, 'fact')} of {manifest.origins} cases and matters in {target}",
        )
    )


async def _export(settings: Settings, target: Path, progress: Progress) -> Manifest:
    engine: AsyncEngine = open_database(settings)
    try:
        return await export_history(engine, settings, target, progress)
    finally:
        await engine.dispose()


@app.command()
def key(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Print the public key that signs anchors and exports. Publish it, so that others can verify."""
    settings = read_settings(data_dir)
    try:
        typer.echo(load_signing_key(settings.anchor_key).public)
    except (SigningKeyUnreadable, OSError) as error:
        fail(localize(f"无法读取密钥:{error}", f"the key can't be read: {error}"))
