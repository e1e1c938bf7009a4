"""Attachments, identified by the SHA-256 of the stored bytes, which are outside the database."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, String, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class AttachmentRow(SQLModel, table=True):
    """One stored file, and everybody who uploaded the same bytes."""

    __tablename__ = "attachments"

    sha256: str = Field(primary_key=True)
    media_type: str
    size: int
    width: int | None
    height: int | None
    uploaded_by: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    uploaded_at: datetime = Field(sa_type=Moment)


class PendingUploadRow(SQLModel, table=True):
    """An upload that its person has not named in any command yet. Naming it deletes the row; so does the sweep."""

    __tablename__ = "pending_uploads"
    __table_args__ = (Index("pending_uploads_at", "uploaded_at"),)

    sha256: str = Field(
        sa_column=Column(String, ForeignKey("attachments.sha256", ondelete="CASCADE"), primary_key=True, nullable=False)
    )
    person: UUID = Field(primary_key=True)
    uploaded_at: datetime = Field(sa_type=Moment)
