"""`gridloop people interest | interests`: what people have an interest in, and so step aside from."""

from datetime import UTC, date, datetime
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.database import DEFAULT_DATA_DIR, DataDir, with_database
from cli.http import PrintJson, fail
from cli.labels import localize
from cli.moments import parse_day
from cli.output import language, out, print_json, print_table
from infra.database import Acting, transaction
from models.enums import InterestKind
from models.errors import DomainError
from services.directory.people import local_today
from services.organisation.interests import InterestDraft, InterestView, end_interest, list_interests, put_interest
from services.wording.input_faults import fault_text
from services.wording.vocabulary import INTEREST_KINDS

Username = Annotated[str, typer.Argument(help="Whose interest.")]


def interest(
    username: Username,
    kind: Annotated[InterestKind, typer.Argument(help="In what.")],
    target: Annotated[str, typer.Argument(help="Credit code of the enterprise, or code of the department or unit.")],
    from_: Annotated[date, typer.Option("--from", parser=parse_day, metavar="DATE", help="The first day.")],
    until: Annotated[
        date | None, typer.Option(parser=parse_day, metavar="DATE", help="The last day, itself included.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why: kin, shares, a second job …")] = "",
    end: Annotated[bool, typer.Option("--end", help="End the one of --from with the day --until.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Declares an interest: its cases are hidden from that person. 登记利害关系。"""

    async def work(engine: AsyncEngine) -> bool:
        async with transaction(engine, Acting("people interest")) as connection:
            if not end:
                draft = InterestDraft.model_validate(
                    {"kind": kind, "target": target, "since": from_, "until": until, "reason": reason}
                )
                return await put_interest(connection, username, draft)
            today = await local_today(connection, datetime.now(UTC))
            known = await list_interests(connection, username)
            found = [one for one in known if (one.kind, one.target, one.since) == (kind, target, from_)]
            if not found:
                fail(localize("没有这样登记的利害关系。", "No such interest is declared."))
            await end_interest(connection, username, found[0].id, until or today, today=today)
            return True

    try:
        changed = with_database(data_dir, work)
    except DomainError as error:
        fail(error.message(language()))
    except ValidationError as error:
        fail(fault_text(error.errors(include_url=False)[0], language()))
    out.print(localize("已登记" if changed else "未变", "done" if changed else "unchanged"))


def interests(username: Username, json: PrintJson = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Lists what somebody has an interest in. 利害关系。"""

    async def read(engine: AsyncEngine) -> tuple[InterestView, ...]:
        async with engine.connect() as connection:
            return await list_interests(connection, username)

    try:
        found = with_database(data_dir, read)
    except DomainError as error:
        fail(error.message(language()))
    if json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    print_table(
        localize("类型 对象 名称 自 至 事由", "kind code name from until reason").split(),
        (
            (
                localize(*INTEREST_KINDS[one.kind]),
                one.target,
                one.name,
                str(one.since),
                str(one.until or ""),
                one.reason,
            )
            for one in found
        ),
    )
