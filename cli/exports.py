"""`list` and `overdue` into a file: the system makes the export, then it is fetched whole or not at all."""

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from cli.http import Api, fail
from cli.labels import localize
from cli.output import err
from cli.progress import counting
from models.english import counted
from models.jobs.export import ExportFormat

Format = Annotated[
    ExportFormat | None, typer.Option("--format", help="Write all of them to a file of this format · 导出格式")
]
Output = Annotated[Path | None, typer.Option(help="The file to write; its suffix tells the format · 导出到")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there already · 覆盖")]
Bom = Annotated[bool, typer.Option("--bom", help="Begin CSV with a byte order mark, for Excel")]

_ASK_EVERY_SECONDS = 0.5


def chosen_format(format_: ExportFormat | None, output: Path | None, *, bom: bool) -> ExportFormat | None:
    """Return the format that was asked for, by name or by the suffix of the file; None where no file was asked for.

    Exits with code 1 when the options contradict each other.
    """
    if output is None:
        if format_ is not None or bom:
            fail(localize("请用 --output 指定文件", "name the file by --output"))
        return None
    known = {f".{one}": one for one in ExportFormat}
    chosen = format_ or known.get(output.suffix.lower())
    if chosen is None:
        names = ", ".join(ExportFormat)
        fail(localize(f"请用 --format 指定格式:{names}", f"name the format by --format: {names}"))
    if bom and chosen is not ExportFormat.CSV:
        fail(localize("--bom 只用于 CSV", "--bom is for CSV only"))
    return chosen


def save_export(api: Api, wanted: dict[str, Any], output: Path, *, force: bool) -> None:
    """Have the system make the export, show how far it is, and write it to `output`.

    It is written beside the file and renamed when it is whole. Exits with code 1 when the file is there already and
    `force` is not given, and for whatever the system refuses; nothing is changed then.
    """
    if output.exists() and not force:
        fail(_is_there(output))
    if not output.parent.is_dir():
        fail(localize(f"没有目录 {output.parent}", f"no folder {output.parent}"))
    export = _wait_for(api, api.call("POST", "/exports", json=wanted))
    try:
        with tempfile.NamedTemporaryFile(dir=output.parent, prefix=f".{output.name}.", delete=False) as part:
            try:
                _fetch(api, export, part)
                _rename(Path(part.name), output, force=force)
            finally:
                with suppress(FileNotFoundError):  # it has its name by now
                    os.unlink(part.name)
    except OSError as error:
        fail(f"{output}: {error.strerror}")
    rows = export["made"]
    err.print(localize(f"已写入 {output}({rows} 行)", f"written to {output} ({counted(rows, 'row')})"), highlight=False)


def _wait_for(api: Api, export: Any) -> Any:
    """Return the export when it is made. Exits with code 1 when it fails or is stopped."""
    with counting(localize("生成", "Making")) as progress:
        while export["status"] in ("waiting", "making"):
            progress(export["made"], export["total"] or 0)
            time.sleep(_ASK_EVERY_SECONDS)
            export = api.call("GET", f"/exports/{export['id']}")
    if export["status"] != "done":
        fail(export["why"] or localize("导出已停止", "the export was stopped"))
    return export


def _fetch(api: Api, export: Any, part: IO[bytes]) -> None:
    with counting(localize("下载(字节)", "Fetching (bytes)")) as progress:
        count = api.download_to(
            f"/exports/{export['id']}/file", part, lambda done: progress(done, export["size"])
        )  # fmt: skip
    part.flush()
    os.fsync(part.fileno())
    if count != export["size"]:
        fail(localize("文件不完整,请重试", "the file did not come whole; try again"))


def _rename(part: Path, output: Path, *, force: bool) -> None:
    umask = os.umask(0)
    os.umask(umask)
    part.chmod(0o666 & ~umask)
    if force:
        part.replace(output)
        return
    try:
        os.link(part, output)  # unlike a renaming it never replaces what was written meanwhile
    except FileExistsError:
        fail(_is_there(output))


def _is_there(output: Path) -> str:
    return localize(f"{output} 已存在;覆盖请加 --force", f"{output} is there already; --force replaces it")
