"""`gridloop notifications`: how you are told outside the pages."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.http import Api, As, AsJson, DataDir, Password, build_path
from cli.labels import localize
from cli.output import out, print_json, print_table
from models.english import counted


def notifications(
    add: Annotated[str | None, typer.Option(help="Add an address: CHANNEL or CHANNEL:ADDRESS")] = None,
    verify: Annotated[str | None, typer.Option(help="Take an address into use: ID:CODE")] = None,
    remove: Annotated[str | None, typer.Option(help="Take the address of that id away")] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Messages, or only the minimum")] = None,
    quiet: Annotated[str | None, typer.Option(help="Quiet hours: 22:00-07:00, or none")] = None,
    language: Annotated[str | None, typer.Option(help="Language of messages: zh or en")] = None,
    digest: Annotated[int | None, typer.Option(min=0, help="Minutes of a digest")] = None,
    mute: Annotated[str | None, typer.Option(help="Hear nothing of the case of that number")] = None,
    unmute: Annotated[str | None, typer.Option(help="Hear of the case of that number again")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """How you are told outside the pages: channels, quiet hours, digest, mutes · 通知方式."""
    api = Api(data_dir, as_, password)
    here = "/me/notifications"
    if add is not None:
        channel, _, address = add.partition(":")
        api.call("POST", f"{here}/addresses", json={"channel": channel, "address": address})
    if verify is not None:
        id_, _, code = verify.partition(":")
        api.call("POST", build_path("me", "notifications", "addresses", id_, "verify"), json={"code": code})
    if remove is not None:
        api.call("DELETE", build_path("me", "notifications", "addresses", remove))
    found = api.call("GET", here)
    changes = _changes(found, on, quiet, digest, mute, unmute, language)
    if changes:
        kept = ("on", "language", "quiet", "rest_days", "zone", "digest_minutes", "second_minutes", "mutes")
        found = api.call("PUT", here, json={**{name: found[name] for name in kept}, **changes})
    if as_json:
        print_json(found)
        return
    _print(found)


def _changes(
    found: dict[str, Any],
    on: bool | None,
    quiet: str | None,
    digest: int | None,
    mute: str | None,
    unmute: str | None,
    language: str | None,
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if on is not None:
        changes["on"] = on
    if language is not None:
        changes["language"] = language
    if quiet is not None:
        since, _, until = quiet.partition("-")
        changes["quiet"] = None if quiet == "none" else {"since": since, "until": until}
    if digest is not None:
        changes["digest_minutes"] = digest
    if mute is not None or unmute is not None:
        kept = [one for one in found["mutes"] if one["number"] not in (mute, unmute) or one["number"] is None]
        changes["mutes"] = kept if mute is None else [*kept, {"number": mute}]
    return changes


def _print(found: dict[str, Any]) -> None:
    print_table(
        tuple(localize("编号 渠道 地址 状态", "Id Channel Address State").split()),
        [(one["id"], escape(one["name"]), escape(one["hint"]), _state(one)) for one in found["addresses"]],
    )
    quiet = found["quiet"]
    hours = localize("无", "none") if quiet is None else f"{quiet['since'][:5]}-{quiet['until'][:5]}"
    out.print(localize(f"免打扰 {hours}", f"quiet hours {hours}"))
    minutes = found["policy"]["digest_minutes"] if found["digest_minutes"] is None else found["digest_minutes"]
    out.print(localize(f"合并间隔 {minutes} 分钟", f"digest of {counted(minutes, 'minute')}"))
    for mute in found["mutes"]:
        what = mute["number"] or mute["what"] or "*"
        out.print(localize(f"静默 {what}", f"muted {what}"))
    if not found["on"]:
        out.print(localize("已关闭(必告知事项除外)", "off (except what is always told)"))
    for one in found["policy"]["minimum"]:
        out.print(localize(f"总是立即告知:{one['what']}", f"always told at once: {one['what']}"))


def _state(one: dict[str, Any]) -> str:
    if not one["verified"]:
        return localize("待验证", "to be verified")
    return localize("已暂停", "paused") if one["off"] or not one["enabled"] else localize("使用中", "in use")
