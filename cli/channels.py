"""`gridloop channels`: how messages leave, web hooks, and the delivery log."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password, build_path, read_body
from cli.labels import localize
from cli.output import language, out, print_json, print_table
from services.wording.channels import CHANNEL_KINDS, SEND_OUTCOMES, SEND_STATUSES, answer_text, code_text
from services.wording.vocabulary import label_of

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Channels, web hooks, delivery log. 渠道。")
HERE = Path(".gridloop")
Id = Annotated[str, typer.Argument(help="Id of the channel")]
Key = Annotated[str, typer.Argument(help="Key of the send, as the log shows it")]


@app.command("list")
def list_channels(
    as_: As = "admin", password: Password = None, data_dir: DataDir = HERE, as_json: AsJson = False
) -> None:  # fmt: skip
    """Lists the channels, without their secrets."""
    found = Api(data_dir, as_, password).call("GET", "/admin/channels")
    if as_json:
        return print_json(found)
    print_table(
        localize("编号 类型 名称 启用 密钥 修改", "id kind name enabled secrets changed").split(),
        (
            (
                one["id"], label_of(CHANNEL_KINDS, one["kind"], language()), escape(one["name"]),
                "✓" if one["enabled"] else "", "✓" if one["has_secrets"] else "", format_local(one["updated_at"]),
            )
            for one in found["items"]
        ),
    )  # fmt: skip
    return None


@app.command()
def save(
    file: Annotated[Path, typer.Argument(help="JSON: id, name, config, secrets, enabled", exists=True, dir_okay=False)],
    as_: As = "admin",
    password: Password = None,
    data_dir: DataDir = HERE,
) -> None:
    """Adds a channel or changes it, from a file; secrets that are left out stay as they are."""
    body = read_body(file)
    id_ = str(body.get("id", "")) if isinstance(body, dict) else ""
    Api(data_dir, as_, password).call("PUT", build_path("admin", "channels", id_ or "-"), json=body)
    out.print(localize(f"已保存渠道 {id_}", f"Channel {id_} is saved"))


@app.command()
def disable(id_: Id, as_: As = "admin", password: Password = None, data_dir: DataDir = HERE) -> None:
    """Stops a channel: it takes nothing until it is enabled again."""
    _switch(Api(data_dir, as_, password), id_, enabled=False)


@app.command()
def enable(id_: Id, as_: As = "admin", password: Password = None, data_dir: DataDir = HERE) -> None:
    """Lets a channel take messages again."""
    _switch(Api(data_dir, as_, password), id_, enabled=True)


@app.command()
def remove(id_: Id, as_: As = "admin", password: Password = None, data_dir: DataDir = HERE) -> None:
    """Removes a disabled channel that nothing needs any more; what it has sent stays in the log."""
    Api(data_dir, as_, password).call("DELETE", build_path("admin", "channels", id_))
    out.print(localize(f"已删除渠道 {id_}", f"Channel {id_} is removed"))


def _switch(api: Api, id_: str, *, enabled: bool) -> None:
    known = [one for one in api.call("GET", "/admin/channels")["items"] if one["id"] == id_]
    if not known:
        out.print(localize(f"没有渠道 {id_}", f"There is no channel {id_}"))
        raise typer.Exit(1)
    body = {name: known[0][name] for name in ("id", "name", "config")}
    api.call("PUT", build_path("admin", "channels", id_), json={**body, "enabled": enabled})
    out.print(localize(f"渠道 {id_} 已{'启用' if enabled else '停用'}", f"{id_}: {'on' if enabled else 'off'}"))


@app.command("test")
def send_test(
    id_: Id,
    address: Annotated[str, typer.Option(help="E-mail address or phone number, where the kind takes one")] = "",
    as_: As = "admin",
    password: Password = None,
    data_dir: DataDir = HERE,
) -> None:
    """Sends a test message and shows what the far side answered. Exit code 1 when it was not delivered."""
    path = build_path("admin", "channels", id_, "test")
    found = Api(data_dir, as_, password).call("POST", path, json={"address": address})
    _print_detail(found)
    if found["delivery"]["status"] != "delivered":
        raise typer.Exit(1)


@app.command()
def hooks(as_: As = "admin", password: Password = None, data_dir: DataDir = HERE, as_json: AsJson = False) -> None:
    """Lists which web hooks are told of which facts."""
    found = Api(data_dir, as_, password).call("GET", "/admin/hooks")
    if as_json:
        return print_json(found)
    print_table(
        localize("编号 渠道 网格 事件", "id channel unit events").split(),
        ((one["id"], one["channel"], one["grid"], " ".join(one["kinds"])) for one in found["items"]),
    )
    return None


@app.command()
def hook(
    id_: Id,
    grid: Annotated[str, typer.Argument(help="Code of the unit; everything below it belongs to it")],
    kind: Annotated[list[str], typer.Option(help="received, accepted, closed, …; several times")],
    as_: As = "admin",
    password: Password = None,
    data_dir: DataDir = HERE,
) -> None:
    """Tells a web hook of facts of cases from now on."""
    body = {"channel": id_, "grid": grid, "kinds": kind}
    made = Api(data_dir, as_, password).call("POST", "/admin/hooks", json=body)
    out.print(localize("已订阅:", "Subscribed: ") + made["id"])


@app.command()
def unhook(
    subscription: Annotated[str, typer.Argument(help="Id of the subscription")],
    as_: As = "admin",
    password: Password = None,
    data_dir: DataDir = HERE,
) -> None:
    """Ends a subscription."""
    Api(data_dir, as_, password).call("DELETE", build_path("admin", "hooks", subscription))
    out.print(localize("已取消订阅", "The subscription has ended"))


@app.command()
def log(
    status: Annotated[str | None, typer.Option(help="waiting, delivered, failed, unclear (to be reconciled)")] = None,
    channel: Annotated[str | None, typer.Option(help="Only sends that this channel tried")] = None,
    about: Annotated[str | None, typer.Option(help="Only about this, a case number for example")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_: As = "admin",
    password: Password = None,
    data_dir: DataDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Shows the delivery log, the newest first."""
    wanted = {"status": status, "channel": channel, "about": about, "limit": limit}
    params = {name: value for name, value in wanted.items() if value is not None}
    found = Api(data_dir, as_, password).call("GET", "/admin/deliveries", params=params)
    if as_json:
        return print_json(found)
    print_table(
        localize("编号 时间 事由 状态 渠道 次数 失败原因", "key time about status channel attempts failure").split(),
        (
            (
                one["key"], format_local(one["created_at"]), escape(one["about"] or ""),
                label_of(SEND_STATUSES, one["status"], language()), one["channel"] or one["last_channel"] or "",
                str(one["attempts"]), code_text(one["last_code"] or "", language()),
            )
            for one in found["items"]
        ),
    )  # fmt: skip
    return None


@app.command()
def show(
    key: Key, as_: As = "admin", password: Password = None, data_dir: DataDir = HERE, as_json: AsJson = False
) -> None:  # fmt: skip
    """Shows a send with every attempt and what each far side answered."""
    found = Api(data_dir, as_, password).call("GET", build_path("admin", "deliveries", key))
    if as_json:
        return print_json(found)
    _print_detail(found)
    return None


@app.command()
def replay(key: Key, as_: As = "admin", password: Password = None, data_dir: DataDir = HERE) -> None:
    """Sends something again under its own key: the event of a web hook keeps its id."""
    _print_detail(Api(data_dir, as_, password).call("POST", build_path("admin", "deliveries", key, "replay")))


def _print_detail(found: dict[str, Any]) -> None:
    sent = found["delivery"]
    out.print(f"{sent['key']}  {label_of(SEND_STATUSES, sent['status'], language())}", soft_wrap=True)
    print_table(
        localize("次序 时间 渠道 结果 状态码 原因 答复", "no. time channel result status failure answer").split(),
        (
            (
                str(one["number"]), format_local(one["begun_at"]), one["channel"],
                label_of(SEND_OUTCOMES, one["outcome"] or "", language()), str(one["status"] or ""),
                code_text(one["code"] or "", language()),
                escape(answer_text(one["code"], one["answer"], language())),
            )
            for one in found["attempts"]
        ),
    )  # fmt: skip
