"""Tables whose headers are in Chinese or in English, one of the two throughout."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from services.files.tables import Table, UnreadableFile, read_table

#: The header of each field in English and in Chinese.
Headers = Mapping[str, tuple[str, str]]


def read_bilingual(path: Path, headers: Headers, needed: Sequence[str]) -> tuple[Table, int]:
    """Return the table with the columns `needed`, and in which language they are (0 English, 1 Chinese).

    Other columns than those of `headers` are refused. Raises UnreadableFile, about the language of
    which the file has the more columns.
    """
    refused: UnreadableFile | None = None
    for language in (0, 1):
        wanted = [headers[name][language] for name in needed]
        try:
            return read_table(path, wanted, [both[language] for both in headers.values()], strict=True), language
        except UnreadableFile as error:
            # The error of the language of which the file has the more columns.
            if refused is None or len(error.missing) < len(refused.missing):
                refused = error
            if not error.missing:
                break
    assert refused is not None
    raise refused
