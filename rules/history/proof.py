"""The proof code: a fact and its hash in one line, short enough for a QR code."""

import re
from typing import NamedTuple
from uuid import UUID

_CODE = re.compile(r"GL1:([0-9a-f-]{36}):([1-9][0-9]{0,8}):([0-9a-f]{64})")


class Proof(NamedTuple):
    """The hash (32 bytes) of the fact `seq` of the case or matter `origin`."""

    origin: UUID
    seq: int
    hash: bytes

    def __str__(self) -> str:
        """The code: `GL1:<id>:<number of the fact>:<hash in hexadecimal>`."""
        return f"GL1:{self.origin}:{self.seq}:{self.hash.hex()}"


def parse_proof(text: str) -> Proof:
    """Return the proof of a code, also of one that was typed in capitals or with spaces. Raises ValueError."""
    found = _CODE.fullmatch("GL" + re.sub(r"\s", "", text).lower().removeprefix("gl"))
    if found is None:
        raise ValueError("a proof code is GL1:<id>:<number>:<64 hexadecimal digits>")
    return Proof(UUID(found[1]), int(found[2]), bytes.fromhex(found[3]))
