"""A case that was retired, as the database still knows it."""

from uuid import UUID

from models.base import Instant, Kept


class RetiredCase(Kept):
    """What stays of a retired case. `head`: the hash of its last fact, number `seq`; `object`: its file in the archive.

    `late`: it missed a deadline; `files`: the hashes of its attachments.
    """

    report_id: UUID
    case_no: str
    seq: int
    head: bytes
    object: str
    grid: str
    grid_path: tuple[str, ...]
    category: str
    source: str
    outcome: str | None
    host: str | None
    departments: tuple[str, ...]
    enterprise: str | None
    recused: tuple[UUID, ...]
    late: bool
    reported_by: UUID
    content_hash: str
    external_system: str | None
    external_number: str | None
    files: tuple[str, ...]
    reported_at: Instant
    closed_at: Instant
    retired_at: Instant
