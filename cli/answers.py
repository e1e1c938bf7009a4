"""`answers`: how many cases of a list chose which answer to a question, through the HTTP API."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cli.http import Api, As, AsJson, DataDir, Password
from cli.labels import localize
from cli.output import Column, out, print_table

#: Letters of the longest bar.
_WIDTH = 20
#: `--answer` of every command that narrows a list.
Answer = Annotated[
    list[str] | None, typer.Option("--answer", help="code=value: only cases with this answer · 填答; may be repeated")
]


def answers(
    grid: Annotated[str | None, typer.Option(help="A grid code: its whole subtree")] = None,
    category: Annotated[str | None, typer.Option(help="A category code or its beginning")] = None,
    department: Annotated[str | None, typer.Option()] = None,
    answer: Answer = None,
    q: Annotated[str | None, typer.Option("--search", help="Words in title or description")] = None,
    reported_from: Annotated[str | None, typer.Option(help="A moment with its zone, 2026-03-02T00:00+08:00")] = None,
    reported_to: Annotated[str | None, typer.Option(help="The same: reported before it")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """How many cases chose which answer to a question · 填答统计."""
    given = {
        "grid": grid, "category": category, "department": department, "answer": answer, "q": q,
        "reported_from": reported_from, "reported_to": reported_to,
    }  # fmt: skip
    wanted = {name: value for name, value in given.items() if value is not None}
    found = Api(data_dir, as_, password).call("GET", "/cases/answers", params=wanted)
    if as_json:
        out.print_json(json.dumps(found))
        return
    if not found["questions"]:
        out.print(localize("没有填答", "no answers"))
    for one in found["questions"]:
        told = localize(f"已填答 {one['answered']} 件", f"answered in {one['answered']}")
        out.print(f"[bold]{escape(one['text'])}[/]  {escape(one['category_name'])} · {told}", highlight=False)
        rows = []
        for choice in one["choices"]:
            share = choice["chosen"]["count"] / one["answered"]
            bar = "█" * max(round(share * _WIDTH), 1 if share else 0)
            rows.append((escape(choice["name"]), str(choice["chosen"]["count"]), f"{share:.0%}", bar))
        headings = localize("选项 案件 占比", "Choice Cases Share").split()
        print_table((Column(headings[0], no_wrap=True), *headings[1:], ""), rows, gap=1)
