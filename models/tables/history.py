"""What makes recorded facts provable: the hash of every fact, and the anchors made of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Date, LargeBinary
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class FactHashRow(SQLModel, table=True):
    """The hash of one fact of a case or a matter (`rules.history.chain`). Append-only, as facts are.

    A table of its own, so that a worker of an earlier version, which knows no hashes, can still record facts; their
    hashes are added with the next step or the next anchor.
    """

    __tablename__ = "fact_hashes"

    origin: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ArchivedRow(SQLModel, table=True):
    """How many facts of a case or a matter lie in the archive: those up to `seq`.

    `bundle`: the file with all facts of an old case that is to be retired, and when it was written.
    """

    __tablename__ = "archived"

    origin: UUID = Field(primary_key=True)
    seq: int
    bundle: str | None
    bundled_at: datetime | None = Field(sa_type=Moment)


class ArchiveFileRow(SQLModel, table=True):
    """A file in the archive: `name` has the SHA-256 of its content."""

    __tablename__ = "archive_files"

    name: str = Field(primary_key=True)
    written_at: datetime = Field(sa_type=Moment, index=True)
    origins: int
    facts: int


class AnchorRow(SQLModel, table=True):
    """An anchor that was made: its number, its day, and the SHA-256 of its file, which lies outside the database."""

    __tablename__ = "anchors"

    number: int = Field(primary_key=True)
    day: date = Field(sa_type=Date, index=True)
    made_at: datetime = Field(sa_type=Moment)
    digest: str
