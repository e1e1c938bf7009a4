"""Files sent with a form."""

from collections import defaultdict

from starlette.datastructures import FormData, UploadFile

from doors.dependencies import Services
from models.errors import DomainError
from services.attachments import intake as attachments
from web.reader import Reader

#: Maximum number of files in one form without scripts.
MAX_FILES = 6


async def store_files(
    services: Services, reader: Reader, form: FormData
) -> tuple[dict[str, list[str]], dict[str, DomainError]]:
    """Store the files of the form. Return the hashes of those stored by field, and the refusals by name of the file."""
    hashes: dict[str, list[str]] = defaultdict(list)
    refused: dict[str, DomainError] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and name.startswith("files.") and value.filename:
            try:
                await attachments.count_upload(services.engine, services.settings, reader.person, reader.now)
                stored = await attachments.store_upload(
                    services.engine, services.settings, reader.person, value.file, reader.now
                )
            except DomainError as error:
                refused[value.filename[:80]] = error
                continue
            hashes[name.removeprefix("files.")].append(stored.view.sha256)
    return hashes, refused
