"""`gridloop open311`: the keys with which programs report over Open311."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cli.http import Api, As, AsJson, DataDir, Password, build_path
from cli.labels import localize
from cli.output import out, print_json, print_table
from cli.shown_once import print_once, used_and_revoked

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Keys of the Open311 interface. Open311 密钥。")
HERE = Path(".gridloop")


@app.command("keys")
def list_keys(
    as_: As = "admin", password: Password = None, data_dir: DataDir = HERE, as_json: AsJson = False
) -> None:  # fmt: skip
    """Lists the keys, revoked ones included."""
    page = Api(data_dir, as_, password).call("GET", "/admin/open311-keys")
    if as_json:
        print_json(page)
        return
    print_table(
        localize("编号 名称 单元 每小时上限 最近使用 撤销", "id name unit per-hour last-used revoked").split(),
        (
            (
                one["id"], escape(one["name"]), f"{escape(one['unit_name'])} {one['unit']}", str(one["per_hour"]),
                *used_and_revoked(one),
            )
            for one in page["items"]
        ),
    )  # fmt: skip


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for")],
    unit: Annotated[str, typer.Argument(help="The code of the unit within which it reports")],
    per_hour: Annotated[int, typer.Option(min=1, max=100_000, help="Reports and updates within an hour")] = 600,
    as_: As = "admin",
    password: Password = None,
    data_dir: DataDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Makes a key and shows it once; programs give it as `api_key`."""
    body = {"name": name, "unit": unit, "per_hour": per_hour}
    made = Api(data_dir, as_, password).call("POST", "/admin/open311-keys", json=body)
    if as_json:
        print_json(made)
        return
    print_once(localize("密钥(只显示这一次):", "Key (shown this once):"), made["key"])


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Its id")],
    as_: As = "admin",
    password: Password = None,
    data_dir: DataDir = HERE,
) -> None:
    """Revokes a key."""
    Api(data_dir, as_, password).download(build_path("admin", "open311-keys", key), "DELETE")
    out.print(localize("已撤销。", "Revoked."))
