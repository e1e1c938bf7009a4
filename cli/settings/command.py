"""`gridloop settings`: every setting with its default and its meaning."""

from typing import Annotated

import typer
from rich.markup import escape

from cli.labels import is_english, localize
from cli.output import print_json, print_table
from cli.settings.example import default, english_notes, render_example, variable
from cli.settings.notes import SECTIONS


def settings(
    env_example: Annotated[
        bool, typer.Option("--env-example", help="Print the sample file of all settings · 输出设置样例文件。")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """Show every setting with its default and meaning; no values of this machine."""
    if env_example:
        typer.echo(render_example(), nl=False)
        return
    english = english_notes()
    rows = [
        (variable(field), default(field), english[field].replace("\n", " ") if is_english() else zh)
        for section in SECTIONS
        for field, zh in section.notes.items()
    ]
    if as_json:
        print_json([{"name": name, "default": shown, "meaning": meaning} for name, shown, meaning in rows])
        return
    heads = (localize("设置", "Setting"), localize("默认", "Default"), localize("含义", "Meaning"))
    print_table(heads, (map(escape, row) for row in rows))
