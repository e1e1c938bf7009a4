"""`gridloop org`: checks the organisation, before go-live and at any time after."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.database import DEFAULT_DATA_DIR, DataDir, with_database
from cli.labels import is_english, localize
from cli.output import build_table, err, out
from cli.terminal import escape_json
from infra.database import transaction
from models.organisation import Gravity
from services.organisation.lint import OrgLint, check_organisation

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Check the organisation. 组织体检。")


@app.callback()
def organisation() -> None:
    """Check the organisation. 组织体检。"""


@app.command("lint")
def lint(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Lists people without a superior, units without an owner, routes that end nowhere, faults of the roster.

    Exit 1 when there are errors; warnings alone exit 0.
    """
    found = with_database(data_dir, _lint)
    if as_json:
        typer.echo(escape_json(found.model_dump_json(indent=1)))
    else:
        _print_findings(found)
    raise typer.Exit(1 if found.errors else 0)


async def _lint(engine: AsyncEngine) -> OrgLint:
    async with transaction(engine) as connection:
        return await check_organisation(connection, datetime.now(UTC))


def _print_findings(found: OrgLint) -> None:
    if not found.findings:
        out.print(localize("✓ 没有问题", "✓ nothing is wrong"), style="green")
        return
    table = build_table(
        localize("级别 对象 说明 例", "gravity where what such_as").replace("such_as", "e.g.").split(), boxed=True
    )
    for finding in found.findings:
        is_error = finding.gravity is Gravity.ERROR
        gravity = localize("✗ 错误", "✗ error") if is_error else localize("△ 提醒", "△ warning")
        text, sample = (finding.en, finding.sample_en) if is_english() else (finding.zh, finding.sample_zh)
        examples = localize("、", ", ").join(sample) + (" …" if finding.count > len(sample) else "")
        table.add_row(gravity, finding.where, text, examples if sample else "", style="red" if is_error else None)
    out.print(table)
    console = err if found.errors else out
    console.print(
        localize(
            f"{found.errors} 个错误,{found.warnings} 个提醒", f"errors: {found.errors}, warnings: {found.warnings}"
        )
    )
