"""Commands given by a form, with or without scripts. A form sent twice counts once; a refused form is shown again."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from doors.dependencies import Services, ServicesDep
from doors.uploads import form_with_files
from models.base import Frozen
from models.commands import HumanCommand
from models.errors import CommandIdReused, DomainError, NoSuchCase, NotSignedIn, StaleRevision, UnknownCommand
from models.ids import derived_id, new_id
from models.views import FactView
from services.attachments import intake as attachments
from services.commands.send import Sent, read_command, send
from services.desk.case_page import facts_since
from services.wording.input_faults import fault_text
from web.pages import go_to, is_part, is_scripted, page, safe_path
from web.reader import Reader, SignedIn
from web.routes.desk.case import Done, OpenForm, show_case
from web.routes.desk.intake import IntakeQuery, intake_page
from web.routes.form_files import MAX_FILES, store_files
from web.views.case.actions import WITHOUT_REVISION
from web.views.case.command_forms import Field, fields_of, known_values
from web.views.case.fact_sentences import HARMLESS
from web.views.case.form_values import body_of, field_of_pointer
from web.views.case.taking_back import must_confirm
from web.views.refusals import refusal_text

router = APIRouter()


class PostedForm(Frozen):
    """A posted form: the typed values, the command id, and the revision that the reader has seen.

    `then_host`: for 受理并派遣, which gives two commands at once, the department to dispatch to after accepting.
    """

    command: str
    id: UUID
    seen: int | None
    given: dict[str, list[str]]
    back: str
    then_host: str = ""


@router.post("/cases/{case_no}/commands/{command}")
async def give(case_no: str, command: str, request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Give the command. Then show the case (or go to `back`); if refused, show the form again with the reason.

    A heavy command is asked about first where no script has done so.
    """
    fields = require_fields(command)
    async with form_with_files(request, attachments.limits_of(services.settings).most, MAX_FILES) as form:
        posted = _read_form(command, form)
        confirmed = form.get("confirmed") == "1"
        uploaded, refused = await store_files(services, reader, form)
    for name, hashes in uploaded.items():
        posted.given.setdefault(name, []).extend(hashes)
    if refused:
        field = next((one.name for one in fields if one.kind == "files"), "")
        status = next(iter(refused.values())).status
        text = " ".join(f"{name}: {refusal_text(error, reader)}" for name, error in refused.items())
        return await _show_faults(request, services, reader, case_no, posted, status, {field: text})
    try:
        human_command = read_command(command, body_of(command, posted.given, reader.zone))
    except ValidationError as error:
        faults = {
            field_of_pointer("/".join(map(str, e["loc"][1:]))): fault_text(e, reader.language) for e in error.errors()
        }
        return await _show_faults(request, services, reader, case_no, posted, 422, faults)
    if not confirmed and not is_scripted(request) and must_confirm(command, posted.then_host):
        label = reader.text("受理并派遣") if posted.then_host else ""
        return page(reader, "case/confirm.html", case_no=case_no, posted=posted, label=label)
    try:
        sent = await _send(services, reader, case_no, posted, human_command)
    except (NoSuchCase, NotSignedIn):
        raise
    except DomainError as error:
        return await _show_refusal(request, services, reader, case_no, posted, error)
    if posted.then_host:
        return await _dispatch_next(request, services, reader, case_no, posted)
    return await _after_success(request, services, reader, case_no, posted, sent)


@router.get("/cases/{case_no}/commands/{command}")
async def lead_back(case_no: str, command: str, request: Request, reader: SignedIn) -> Response:
    """Redirect to the case with this form open. The sign-in leads here after a session ended while a form was sent."""
    require_fields(command)
    return go_to(request, f"/cases/{quote(case_no)}?act={command}#action")


def require_fields(command: str) -> tuple[Field, ...]:
    """The fields of the command. Raises UnknownCommand."""
    try:
        return fields_of(command)
    except KeyError as error:
        raise UnknownCommand(command=command[:40]) from error


def _read_form(command: str, form: FormData) -> PostedForm:
    given: dict[str, list[str]] = defaultdict(list)
    for name, value in form.multi_items():
        if isinstance(value, str):
            given[name].append(value.replace("\r\n", "\n"))
    id_, seen = (given.get(name, [""])[0] for name in ("command_id", "seen"))
    return PostedForm(
        command=command,
        id=_command_id(id_),
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None,
        given=known_values(command, given),
        back=safe_path(given.get("back", [""])[0], ""),
        then_host=given.get("then_host", [""])[0] if command == "accept" and given.get("then") == ["dispatch"] else "",
    )


def _command_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return new_id()  # not one of our forms: without an id it counts each time it is sent


async def _send(
    services: Services, reader: Reader, case_no: str, posted: PostedForm, human_command: HumanCommand
) -> Sent:
    """Send the command. If only harmless facts came since the seen revision, send it again without a revision."""
    revision = None if posted.command in WITHOUT_REVISION else posted.seen

    async def send_at(seen: int | None) -> Sent:
        return await send(
            services.resources,
            reader.person,
            case_no,
            human_command,
            command_id=posted.id,
            if_revision=seen,
            now=reader.now,
        )

    try:
        return await send_at(revision)
    except StaleRevision:
        meanwhile = await _facts_since_seen(services, reader, case_no, posted.seen)
        if any(fact.kind not in HARMLESS for fact in meanwhile):
            raise
        return await send_at(None)


async def _facts_since_seen(services: Services, reader: Reader, case_no: str, seen: int | None) -> tuple[FactView, ...]:
    if seen is None:
        return ()
    async with services.reading.connect() as connection:
        later = await facts_since(connection, reader.person, case_no, seen, reader.now, reader.language)
    return later.facts


async def _dispatch_next(
    request: Request, services: Services, reader: Reader, case_no: str, posted: PostedForm
) -> Response:
    """Dispatch as the second command of 受理并派遣. Sent again, both count once. If dispatching is refused, the case
    stays accepted, and the dispatch form shows the reason.
    """
    intake = posted.back.startswith("/intake")
    then = PostedForm(
        command="dispatch",
        id=derived_id(posted.id, "dispatch"),
        seen=None,
        given={"host": [posted.then_host], "suggestion": posted.given.get("suggestion", [])},
        back="/intake?tab=dispatching" if intake else "",
    )
    try:
        human_command = read_command("dispatch", body_of("dispatch", then.given, reader.zone))
        sent = await _send(services, reader, case_no, then, human_command)
    except NoSuchCase:  # the accepted case went to a desk that is out of the reader's scope
        return go_to(request, f"/queue?left={case_no}&did=accept")
    except NotSignedIn:
        raise
    except ValidationError:
        fault = reader.text("请选择主办部门。")
        return await _show_faults(request, services, reader, case_no, then, 422, {"host": fault})
    except DomainError as error:
        return await _show_refusal(request, services, reader, case_no, then, error)
    return await _after_success(request, services, reader, case_no, then.model_copy(update={"back": posted.back}), sent)


async def _show_refusal(
    request: Request, services: Services, reader: Reader, case_no: str, posted: PostedForm, error: DomainError
) -> Response:
    """Show the form again, with the refusal at its field, or above the form with what others did in the meantime."""
    text = refusal_text(error, reader)
    field = field_of_pointer(error.pointer or "")
    if field.split(".")[0] in {one.name for one in fields_of(posted.command)}:
        return await _show_faults(request, services, reader, case_no, posted, error.status, {field: text})
    meanwhile = await _facts_since_seen(services, reader, case_no, posted.seen)
    conflicts = tuple(fact for fact in meanwhile if fact.kind not in HARMLESS)
    id_ = new_id() if isinstance(error, CommandIdReused) else posted.id
    form = OpenForm(
        posted.command, id_, posted.given, {}, alarm="" if conflicts and error.status in (409, 412) else text,
        meanwhile=conflicts, back=posted.back,
    )  # fmt: skip
    return await _show_form(request, services, reader, case_no, form, error.status)


async def _show_faults(
    request: Request,
    services: Services,
    reader: Reader,
    case_no: str,
    posted: PostedForm,
    status: int,
    faults: dict[str, str],
) -> Response:
    form = OpenForm(posted.command, posted.id, posted.given, faults, back=posted.back)
    return await _show_form(request, services, reader, case_no, form, status)


async def _show_form(
    request: Request, services: Services, reader: Reader, case_no: str, form: OpenForm, status: int
) -> Response:
    """Show the page of the form again, with the sent values and their faults."""
    if form.back.startswith("/intake"):
        tab = dict(parse_qsl(urlsplit(form.back).query)).get("tab", "")
        return await intake_page(request, services, reader, IntakeQuery(tab=tab, no=case_no, form=form), status)
    try:
        return await show_case(request, services, reader, case_no, form, status=status)
    except NoSuchCase:
        return go_to(request, f"/queue?left={case_no}&did={form.command}")


async def _after_success(
    request: Request, services: Services, reader: Reader, case_no: str, posted: PostedForm, sent: Sent
) -> Response:
    revision = sent.receipt.revision if sent.receipt else None
    if posted.back.startswith("/intake") and is_part(request):
        known = dict(parse_qsl(urlsplit(posted.back).query))
        query = IntakeQuery(tab=known.get("tab", ""), no=known.get("no", ""), was=case_no, did=posted.command)
        reader = replace(reader, now=datetime.now(UTC))
        response = await intake_page(request, services, reader, query)
        response.headers["HX-Push-Url"] = posted.back
        return response
    if posted.back:
        mark = "&" if "?" in posted.back else "?"
        return go_to(request, f"{posted.back}{mark}was={case_no}&did={posted.command}")
    if is_part(request):
        try:
            done = Done(posted.command, revision, posted.id)
            reader = replace(reader, now=datetime.now(UTC))  # so that the new fact lies in the past
            return await show_case(request, services, reader, case_no, done=done)
        except NoSuchCase:
            return go_to(request, f"/queue?left={case_no}&did={posted.command}")
    async with services.reading.connect() as connection:
        try:
            await facts_since(connection, reader.person, case_no, revision or 0, reader.now, reader.language)
        except NoSuchCase:
            return go_to(request, f"/queue?left={case_no}&did={posted.command}")
    return go_to(request, f"/cases/{case_no}?done={posted.command}&seq={revision or ''}")
