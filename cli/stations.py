"""`gridloop stations`: monitoring stations, their keys, and sending readings for one."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.formatting import format_local
from cli.http import Api, As, AsJson, Connection, DataDir, Password, build_path, fail
from cli.labels import localize
from cli.matters import matter_app
from cli.output import Column, language, out, print_json, print_table
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.readings import MOST_READINGS
from services.wording.matters.station import READING_STATES, WATCH_STATES

app = matter_app(MatterKind.STATION, help="Monitoring stations and their readings · 监测站")


@app.command("key")
def key(
    code: str,
    command_id: Annotated[str | None, typer.Option(help="A UUID of your own: sending again changes nothing")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Give the station a new key and show it this once · 更换密钥."""
    headers = {"Idempotency-Key": command_id or str(new_id())}
    given = Api(data_dir, as_, password).call("POST", build_path("stations", code, "key"), headers=headers)
    if as_json:
        print_json(given)
    elif given["key"] is None:
        fail(localize("这个密钥已显示过,不再显示", "this key was shown before and is not shown again"))
    else:
        out.print(given["key"], highlight=False, soft_wrap=True)
        out.print(localize("只显示这一次,旧密钥已失效。", "Shown this once; the key before has stopped working."))


@app.command("now")
def now(
    code: str,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Each metric with its newest reading and its state · 最新读数."""
    found = Api(data_dir, as_, password).call("GET", build_path("stations", code, "now"))
    if as_json:
        return print_json(found)
    columns = (
        localize("监测项", "Metric"),
        localize("读数", "Value"),
        localize("时间", "At"),
        localize("状态", "State"),
    )
    rows = [
        (
            escape(one["metric"]["name"]),
            "—" if one["value"] is None else f"{one['value']:g} {escape(one['metric']['unit'])}",
            "—" if one["at"] is None else format_local(one["at"]),
            WATCH_STATES[one["state"]][language() == "en"],
        )
        for one in found["metrics"]
    ]
    print_table(columns, rows)
    heard = "—" if found["heard_at"] is None else format_local(found["heard_at"])
    out.print(localize("最近数据", "last heard") + f": {heard}", highlight=False)
    return None


@app.command("readings")
def readings(
    code: str,
    metric: str,
    since: Annotated[str | None, typer.Option("--from", help="ISO 8601 with a zone; a day before by default")] = None,
    until: Annotated[str | None, typer.Option("--to", help="ISO 8601 with a zone; now by default")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """The stored readings of a metric · 读数."""
    params = {name: value for name, value in (("metric", metric), ("from", since), ("to", until)) if value}
    found = Api(data_dir, as_, password).call("GET", build_path("stations", code, "readings"), params=params)
    if as_json:
        return print_json(found)
    print_table(
        (
            Column(localize("时间", "At"), no_wrap=True),
            f"{metric} ({escape(found['unit'])})",
            localize("状态", "State"),
        ),
        [
            (format_local(one["at"]), f"{one['value']:g}", READING_STATES[one["state"]][language() == "en"])
            for one in found["items"]
        ],
    )
    if found["next_from"]:
        out.print(localize("后续从", "more from") + f": --from {found['next_from']}", highlight=False, soft_wrap=True)
    return None


@app.command("send")
def send(
    code: str,
    file: Annotated[Path, typer.Argument(help="CSV or Excel with the columns metric, at, value (监测项、时间、读数)")],
    station_key: Annotated[str, typer.Option("--key", envvar="GRIDLOOP_STATION_KEY", help="The station's own key")],
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Send the readings of a file with the station's own key; sending it again is safe · 发送读数."""
    found = _read_file(file)
    connection = Connection(data_dir, station_key)
    total: dict[str, int] = {}
    items: list[dict[str, Any]] = []
    for start in range(0, len(found), MOST_READINGS):
        batch = found[start : start + MOST_READINGS]
        body = {"readings": [reading for _, reading in batch]}
        taken = connection.call("POST", build_path("stations", code, "readings"), json=body)
        for name in ("stored", "late", "suspect", "duplicates", "refused"):
            total[name] = total.get(name, 0) + taken[name]
        items += [{**item, "line": batch[item["index"]][0]} for item in taken["items"] if item["outcome"] == "refused"]
    if as_json:
        print_json({**total, "items": items})
    else:
        out.print(
            localize(
                f"保存 {total['stored']} 条,迟到 {total['late']},存疑 {total['suspect']},重复 {total['duplicates']},"
                f"拒收 {total['refused']}",
                f"{total['stored']} stored, {total['late']} late, {total['suspect']} not plausible,"
                f" {total['duplicates']} known already, {total['refused']} refused",
            ),
            highlight=False,
        )
        for item in items[:20]:
            out.print(f"  {file}:{item['line']}: {escape(item['detail'])}", highlight=False, soft_wrap=True)
    if total["refused"]:
        raise typer.Exit(1)


def _read_file(file: Path) -> list[tuple[int, dict[str, Any]]]:
    """Return the readings with their lines. Exits with code 1 when the file can't be read."""
    from services.stations.reading_files import BadReadings, read_readings_file  # here: reading tables takes imports

    try:
        found = read_readings_file(file)
    except FileNotFoundError:
        fail(localize(f"没有文件 {file}", f"no file {file}"))
    except BadReadings as bad:
        fail(bad.en if language() == "en" else bad.zh)
    if not found:
        fail(localize(f"{file} 没有读数", f"{file} has no readings"))
    return found
