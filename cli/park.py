"""`gridloop park`: the files of an own park, and what it still lacks."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from cli.database import DEFAULT_DATA_DIR, DataDir, with_database
from cli.http import PrintJson
from cli.labels import localize
from cli.output import fail, out, print_json
from services.files.shipped import PARK_TEMPLATE
from services.setup.next_step import GRIDS, NextStep, next_step

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="An own park: files to fill in, next steps. 建园区。"
)


@app.command("template")
def template(
    folder: Annotated[Path, typer.Argument(help="Folder for the files; made when missing.")] = Path("park"),
) -> None:
    """Writes the files of an own park, with comments, to be filled in: grids, departments, people, policy."""
    there = [file.name for file in PARK_TEMPLATE if (folder / file.name).exists()]
    if there:
        names = ", ".join(there)
        fail(
            localize(
                f"{folder} 中已有 {names},未写入任何文件;请另选目录",
                f"{folder} has {names} already, and nothing was written: name another folder",
            )
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in PARK_TEMPLATE:
            shutil.copyfile(file, folder / file.name)
    except OSError as error:
        for file in PARK_TEMPLATE:
            (folder / file.name).unlink(missing_ok=True)
        fail(localize(f"无法写入 {folder}:{error.strerror}", f"{folder} can't be written: {error.strerror}"))
    for file in PARK_TEMPLATE:
        out.print(f"✓ {folder / file.name}", highlight=False)
    _print_step(GRIDS)


@app.command("next")
def show_next(as_json: PrintJson = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Prints what the park of the running system still lacks. Exit 1 while it lacks something."""
    step = with_database(data_dir, next_step)
    if as_json:
        print_json({"complete": step is None, "command": None if step is None else step.command})
    else:
        _print_step(step)
    raise typer.Exit(0 if step is None else 1)


def tell_next(data_dir: Path) -> None:
    """Print what the park lacks after a command that loaded a part of it; nothing for one that is complete."""
    step = with_database(data_dir, next_step)
    if step is not None:
        _print_step(step)


def _print_step(step: NextStep | None) -> None:
    if step is None:
        out.print(localize("✓ 园区已齐备", "✓ the park is complete"), style="green")
        return
    text = localize(f"下一步:{step.zh} — {step.command}", f"next: {step.en} — {step.command}")
    out.print(text, highlight=False, soft_wrap=True)
