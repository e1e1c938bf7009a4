"""`gridloop tokens`: personal tokens for scripts."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password, build_path
from cli.labels import localize
from cli.output import out, print_json, print_table
from cli.shown_once import print_once, used_and_revoked

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Personal tokens for scripts. 访问令牌。")
HERE = Path(".gridloop")


@app.command("list")
def list_tokens(
    as_: As = "admin", password: Password = None, data_dir: DataDir = HERE, as_json: AsJson = False
) -> None:  # fmt: skip
    """Lists your tokens, those that ended in the last thirty days included."""
    page = Api(data_dir, as_, password).call("GET", "/me/tokens")
    if as_json:
        print_json(page)
        return
    print_table(
        localize("编号 名称 权限 到期 最近使用 撤销", "id name scopes expires last-used revoked").split(),
        (
            (
                one["id"], escape(one["name"]), " ".join(one["scopes"]), format_local(one["expires_at"]),
                *used_and_revoked(one),
            )
            for one in page["items"]
        ),
    )  # fmt: skip


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for")],
    scope: Annotated[list[str], typer.Option(help="read, report, act, export, feed, admin; several times")],
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it is good")] = 90,
    as_: As = "admin",
    password: Password = None,
    data_dir: DataDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Makes a token and shows it once; scripts give it as GRIDLOOP_TOKEN or as a bearer token."""
    body = {"name": name, "scopes": scope, "days": days}
    made = Api(data_dir, as_, password).call("POST", "/me/tokens", json=body)
    if as_json:
        print_json(made)
        return
    print_once(localize("令牌(只显示这一次):", "Token (shown this once):"), made["token"])


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Its id")],
    as_: As = "admin",
    password: Password = None,
    data_dir: DataDir = HERE,
) -> None:
    """Revokes a token."""
    Api(data_dir, as_, password).download(build_path("me", "tokens", token), "DELETE")
    out.print(localize("已撤销。", "Revoked."))
