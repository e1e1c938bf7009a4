"""Notices: the people and departments that a ladder step informed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class NoticeRow(SQLModel, table=True):
    """The notice of one fact to one receiver: a person, or a department whose people share it.

    `receiver` identifies which, so that the same fact never reaches anybody twice.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index("notices_person", "person", "at", postgresql_where=text("person IS NOT NULL")),
        Index("notices_department", "department", "at", postgresql_where=text("department IS NOT NULL")),
    )

    report_id: UUID = Field(primary_key=True, foreign_key="cases.report_id")
    seq: int = Field(primary_key=True)
    receiver: str = Field(primary_key=True)
    person: UUID | None = Field(foreign_key="people.id")
    department: str | None = Field(foreign_key="departments.id")
    mode: str
    at: datetime = Field(sa_type=Moment)
    read_at: datetime | None = Field(sa_type=Moment)
