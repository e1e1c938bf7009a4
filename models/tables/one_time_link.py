"""One-time links, by the hash of their token."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class OneTimeLinkRow(SQLModel, table=True):
    """A one-time link (一次性链接); see `models.one_time_links.Link`. Of its token only the SHA-256 is kept."""

    __tablename__ = "one_time_links"
    __table_args__ = (Index("one_time_links_case", "report_id", "made_at"),)

    id: UUID = Field(primary_key=True)
    token_hash: bytes = Field(unique=True)
    report_id: UUID = Field(foreign_key="cases.report_id")
    holder: str
    act: str
    named: str
    department: str | None
    account: UUID | None = Field(foreign_key="people.id")
    person: UUID | None = Field(foreign_key="people.id")
    turn: int
    round: int
    made_by: UUID | None = Field(foreign_key="people.id")
    made_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(sa_type=Moment)
    revoked_at: datetime | None = Field(sa_type=Moment)
    revoked_why: str | None
