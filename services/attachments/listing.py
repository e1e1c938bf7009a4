"""What is in a store of attachments, one of 256 parts at a time, so that memory never holds a large one as a whole."""

import re
from dataclasses import dataclass
from datetime import datetime

from services.attachments.store import Attachments, told
from services.attachments.thumbnails import Size

#: The parts of a store: files whose hash begins with these two digits.
PREFIXES = tuple(f"{number:02x}" for number in range(256))
_SIZES = "|".join(size.value for size in Size)
_NAME = re.compile(
    rf"(?P<a>[0-9a-f]{{2}})/(?P<b>[0-9a-f]{{2}})/(?P<hash>(?P=a)(?P=b)[0-9a-f]{{60}})(\.({_SIZES})\.webp)?"
)


@dataclass
class Found:
    """The objects of one hash: the bytes of the file (None: only small copies are there), and when the latest was
    written.
    """

    size: int | None
    written_at: datetime


async def list_prefix(attachments: Attachments, prefix: str) -> dict[str, Found]:
    """Return what is stored of each hash that begins with `prefix`. What is no file of ours is not in it.

    Raises what a store raises that is away.
    """
    found: dict[str, Found] = {}
    with told():
        async for one in attachments.objects.list(prefix):
            match = _NAME.fullmatch(one.name)
            if match is None:
                continue
            size = one.size if one.name.endswith(match["hash"]) else None
            known = found.setdefault(match["hash"], Found(size, one.written_at))
            known.size = size if known.size is None else known.size
            known.written_at = max(known.written_at, one.written_at)
    return found
