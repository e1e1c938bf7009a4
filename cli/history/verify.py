"""`gridloop verify`: checks the recorded facts against their hashes and the anchors, with or without the database."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.database import DEFAULT_DATA_DIR, DataDir, exit_when_away
from cli.labels import localize
from cli.operator import read_settings
from cli.output import err, fail, out, print_json, print_table
from cli.progress import counting
from infra.archive import open_archive
from infra.database import open_database
from infra.objects import ObjectsAway
from infra.signing import SigningKeyUnreadable
from models.english import counted
from models.jobs.history import Fault, Verification
from rules.history.proof import parse_proof
from services.archive.verify_retired import check_proof_anywhere, verify_archive
from services.history.proofs import ProofCheck
from services.history.verify import verify_store
from services.history.verify_export import NoExport, verify_export

FAULTS: dict[Fault, tuple[str, str]] = {
    Fault.EDITED: ("事实被改动", "edited"),
    Fault.REORDERED: ("顺序被改动", "reordered"),
    Fault.MISSING: ("事实缺失", "missing"),
    Fault.FORGED: ("多出的事实", "forged"),
    Fault.UNHASHED: ("没有哈希", "unhashed"),
    Fault.REWRITTEN: ("历史被改写", "rewritten"),
    Fault.ORIGIN_MISSING: ("整件缺失", "case missing"),
    Fault.ANCHOR_MISSING: ("锚缺失", "anchor missing"),
    Fault.ANCHOR_FORGED: ("锚被改动", "anchor forged"),
    Fault.MANIFEST_FORGED: ("清单被改动", "manifest forged"),
}
#: How many findings are listed; `--json` gives all.
MAX_FINDINGS = 200


def verify(
    export: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            metavar="[EXPORT]",
            help="An export made by `history export`; without it, the running system's database is verified.",
        ),
    ] = None,
    public_key: Annotated[
        str | None,
        typer.Option(help="Public key (hexadecimal) that must have signed the export, as `history key` prints it."),
    ] = None,
    proof: Annotated[
        str | None,
        typer.Option(help="A proof code (存证码) from a receipt or a printed case file: check its case alone."),
    ] = None,
    archive: Annotated[
        bool, typer.Option("--archive", help="Also read the facts of retired cases in the archive and verify them.")
    ] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Verify recorded facts: hashes, signatures, anchors. Exits with 1 when something is wrong.

    An edited, missing, reordered or forged fact, a case that is gone and a day without anchor are named one by one.
    """  # fmt: skip
    if proof is not None:
        _verify_proof(data_dir, proof, as_json=as_json)
    with counting(localize("案件与事项", "cases and matters")) as progress:
        if export is not None:
            try:
                result = verify_export(export, public_key, progress)
            except NoExport as error:
                fail(localize(f"不是事实导出:{error}", f"no export of facts: {error}"))
        else:
            result = _verify_running(data_dir, progress, with_archive=archive)
    if as_json:
        print_json(result)
    else:
        _print(result, pinned=public_key is not None or export is None)
    raise typer.Exit(1 if result.findings else 0)


def _verify_running(data_dir: Path, progress: Callable[[int, int], None], *, with_archive: bool) -> Verification:
    settings = read_settings(data_dir)

    async def run() -> Verification:
        engine = open_database(settings)
        try:
            result = await verify_store(engine, settings, progress)
            if not with_archive:
                return result
            more = await verify_archive(engine, open_archive(settings), settings, progress)
            return result.model_copy(update={"findings": (*result.findings, *more)})
        finally:
            await engine.dispose()

    with exit_when_away():
        try:
            return asyncio.run(run())
        except (SigningKeyUnreadable, PermissionError) as error:
            fail(localize(f"无法读取锚或密钥:{error}", f"anchors or key can't be read: {error}"))
        except ObjectsAway as error:
            fail(localize(f"无法读取档案:{error}", f"the archive can't be read: {error}"))


def _verify_proof(data_dir: Path, code: str, *, as_json: bool) -> NoReturn:
    try:
        proof = parse_proof(code)
    except ValueError as error:
        fail(localize(f"不是存证码:{error}", f"no proof code: {error}"))
    settings = read_settings(data_dir)

    async def run() -> ProofCheck:
        engine = open_database(settings)
        try:
            return await check_proof_anywhere(engine, open_archive(settings), proof)
        finally:
            await engine.dispose()

    with exit_when_away():
        try:
            check = asyncio.run(run())
        except ObjectsAway as error:
            fail(localize(f"无法读取档案:{error}", f"the archive can't be read: {error}"))
    if as_json:
        print_json(check)
    elif not check.findings:
        out.print(
            localize(
                f"✓ {check.number} 第 1 至 {check.seq} 条事实未被改动",
                f"✓ facts 1 to {check.seq} of {check.number} are unchanged",
            ),
            style="green",
        )
    for finding in () if as_json else check.findings:
        err.print(localize(finding.zh, finding.en), style="bold red", highlight=False, soft_wrap=True)
    raise typer.Exit(1 if check.findings else 0)


def _print(result: Verification, *, pinned: bool) -> None:
    out.print(
        localize(
            f"{result.origins} 件案件与事项,{result.facts} 条事实,{result.anchors} 个锚"
            + (f",另有 {result.retired} 件已转存档案库" if result.retired else "")
            + (f"(最近 {result.last_day})" if result.last_day else "")
            + f",用时 {result.seconds:.1f} 秒",
            f"{result.origins} cases and matters, {counted(result.facts, 'fact')}, {counted(result.anchors, 'anchor')}"
            + (f", {result.retired} retired cases" if result.retired else "")
            + (f" (last {result.last_day})" if result.last_day else "")
            + f", {result.seconds:.1f} s",
        ),
        highlight=False,
    )
    if result.key is not None:
        out.print(localize(f"签名公钥 {result.key}", f"signed by {result.key}"), highlight=False, soft_wrap=True)
    if not pinned:
        err.print(
            localize(
                "请将此公钥与系统管理方公布的核对,或用 --public-key 指定",
                "compare this key with the one that the operator has published, or name it by --public-key",
            ),
            highlight=False,
            soft_wrap=True,
        )
    if not result.findings:
        out.print(localize("✓ 未发现改动", "✓ nothing was changed"), style="green")
        return
    print_table(
        localize("问题 案件 说明", "fault case what").split(),
        (
            (
                localize(*FAULTS[finding.fault]),
                finding.number or (str(finding.day) if finding.day else "—"),
                localize(finding.zh, finding.en),
            )
            for finding in result.findings[:MAX_FINDINGS]
        ),
        boxed=True,
    )
    count = len(result.findings)
    err.print(localize(f"✗ {count} 处问题", f"✗ findings: {count}"), style="bold red", highlight=False)
