"""The photos of a public report: stored as they arrive, so that nobody has to choose one again after a fault."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import FormData, UploadFile

from doors.dependencies import Services
from infra.store.context import filter_pictures
from models.errors import DomainError, NoSuchPage
from models.wire_names import PUBLIC
from services.accounts.limits import PUBLIC_FILES
from services.attachments.files import Limits
from services.attachments.intake import limits_of
from services.public.photo_tokens import make_photo_token, read_photo_token
from services.public.reports import store_public_file
from web.reader import Visitor
from web.views.refusals import refusal_text

MAX_PHOTOS = 3


@dataclass(frozen=True)
class Photos:
    """The files of a form: the hashes of those stored, why others were not, and the fault to show, if any."""

    stored: tuple[str, ...]
    faults: tuple[str, ...]
    status: int = 422

    async def tokens(self, connection: AsyncConnection, services: Services, visitor: Visitor) -> list[tuple[str, bool]]:
        """Tokens with which the form may send these files again, for an hour, and whether each is a picture."""
        pictures = await filter_pictures(connection, self.stored)
        return [(make_photo_token(services.settings, one, visitor.now), one in pictures) for one in self.stored]


def public_limits(services: Services) -> Limits:
    """The size limits of a file from somebody without an account: videos are no larger than photos."""
    size = limits_of(services.settings).file
    return Limits(size, size)


def kept_photos(services: Services, visitor: Visitor, form: FormData) -> Photos:
    """The files that an earlier answer to the form has stored."""
    return Photos(tuple(_kept(services, visitor, form.getlist("kept"))), ())


def has_new_photos(form: FormData) -> bool:
    """Whether the form brings files."""
    return any(isinstance(one, UploadFile) and one.filename for one in form.getlist("photos"))


async def take_photos(
    services: Services, visitor: Visitor, form: FormData, address: str, account: UUID = PUBLIC
) -> Photos:
    """Store the files of the form, besides those that it kept from before. A refused one does not affect the others.

    `address`: the client's, whose files are counted. `account`: in whose name they are stored. Everything else in the
    form has been checked before.
    """
    stored = _kept(services, visitor, form.getlist("kept"))
    given = [one for one in form.getlist("photos") if isinstance(one, UploadFile) and one.filename]
    faults: list[str] = []
    status = 422
    if len(stored) + len(given) > MAX_PHOTOS:
        count = len(stored) + len(given)
        faults.append(
            visitor.text("最多 %(most)s 张,这里有 %(n)s 张,只保留了前 %(most)s 张。", most=MAX_PHOTOS, n=count)
        )
    for one in given[: MAX_PHOTOS - len(stored)]:
        try:
            await PUBLIC_FILES.use(services.engine, address, visitor.now)
            sha256 = await store_public_file(
                services.resources, one.file, public_limits(services), visitor.now, account
            )
        except DomainError as error:
            status = error.status
            faults.append(f"{(one.filename or '')[:80]}: {refusal_text(error, visitor)}")
        else:
            stored.append(sha256)
    return Photos(tuple(stored), tuple(faults), status)


def _kept(services: Services, visitor: Visitor, tokens: Sequence[UploadFile | str]) -> list[str]:
    hashes: list[str] = []
    for token in tokens[:MAX_PHOTOS]:
        try:
            hashes.append(read_photo_token(services.settings, str(token)[:200], visitor.now))
        except NoSuchPage:
            continue  # kept for more than an hour: the form shows that it is gone
    return hashes
