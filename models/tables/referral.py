"""Bookings of referral desks, all of them: those that are over too."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class ReferralBookingRow(SQLModel, table=True):
    """A booking, written from the facts of its desk. `state`: booked, attended, missed, cancelled or done."""

    __tablename__ = "referral_bookings"
    __table_args__ = (Index("referral_bookings_case", "case_no"), Index("referral_bookings_at", "desk", "at"))

    desk: UUID = Field(primary_key=True, foreign_key="matters.id")
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment)
    until: datetime = Field(sa_type=Moment)
    case_no: str
    booked_by: UUID | None
    state: str
    outcome: str | None
    note: str
