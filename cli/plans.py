"""`gridloop plans`: plans of recurring work, and the load they make."""

from pathlib import Path
from typing import Annotated

import typer

from cli.http import Api, As, AsJson, DataDir, Password
from cli.matters import matter_app
from cli.output import out, print_json
from cli.plan_load import print_load
from models.matters.base import MatterKind
from services.plans.load import MOST_DAYS, PlanLoad

app = matter_app(MatterKind.PLAN, help="Plans of recurring work: checks, patrols, visits · 计划")


@app.command()
def load(
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="From today on · 天数")] = 30,
    grid: Annotated[str | None, typer.Option(help="A grid code: its whole subtree")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """How many duties the plans ask of each person and day · 勤务负荷."""
    params = {"days": days, **({"grid": grid} if grid else {})}
    found = Api(data_dir, as_, password).call("GET", "/duties/load", params=params)
    print_json(found) if as_json else print_load(out, PlanLoad.model_validate(found))
