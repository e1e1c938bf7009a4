"""Which uploaded files a command to a case names."""

from models.commands import Command

#: The fields that name files by their hash. `release_photos` names files that the case has already.
_FIELDS = ("attachments", "evidence")


def files_named(command: Command) -> tuple[str, ...]:
    """Return the hashes of the files that the command brings with it, in their order, each once."""
    return tuple(dict.fromkeys(sha256 for field in _FIELDS for sha256 in getattr(command, field, ())))
