"""`gridloop as-of`: a case as it was at an earlier moment."""

from pathlib import Path
from typing import Annotated

import typer

from cli.case_view import print_case, print_details
from cli.http import Api, As, AsJson, DataDir, Password, build_path
from cli.labels import localize
from cli.moments import parse_moment
from cli.output import out, print_json


def as_of(
    case_no: str,
    moment: Annotated[
        str, typer.Argument(metavar="TIME", help="2026-03-02T10:59:59 in this machine's zone, or with a zone")
    ],
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """A case as it was at an earlier moment, the facts of that moment included · 回看案件."""
    then = parse_moment(moment, "TIME")
    then = then.astimezone() if then.tzinfo is None else then
    view = Api(data_dir, as_, password).call("GET", build_path("cases", case_no), params={"as_of": then.isoformat()})
    if as_json:
        print_json(view)
        return
    out.print(localize(f"截至 {then:%Y-%m-%d %H:%M:%S %z}", f"as of {then:%Y-%m-%d %H:%M:%S %z}"), style="bold")
    print_case(view)
    print_details(view)
