"""Sends and their attempts: the delivery log."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String, text
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class SendRow(SQLModel, table=True):
    """A send and its receipt (`models.sends`). `sealed` holds the send itself, so that it can be begun again; it is
    dropped some days after the end. `round` counts the replays.
    """

    __tablename__ = "sends"
    __table_args__ = (
        Index("sends_created", "created_at", "key"),
        Index("sends_open", "created_at", postgresql_where=text("status IN ('waiting', 'unclear')")),
        Index("sends_about", "about", postgresql_where=text("about IS NOT NULL")),
        Index(
            "sends_untold", "about", postgresql_where=text("purpose = 'reporter' AND status IN ('failed', 'unclear')")
        ),
    )

    key: str = Field(primary_key=True)
    purpose: str
    about: str | None
    status: str
    created_at: datetime = Field(sa_type=Moment)
    finished_at: datetime | None = Field(sa_type=Moment)
    channel: str | None
    far_id: str | None
    attempts: int
    round: int
    sealed: bytes | None
    wrapped_key: bytes | None
    key_id: str | None


class SendAttemptRow(SQLModel, table=True):
    """One attempt of a send. `outcome` None: it is going on, or the process that made it died.

    `address` is masked. `code` names a failure; `answer` is the beginning of what the far side answered, without
    secrets. `again_at`: when it is tried again on the same channel.
    """

    __tablename__ = "send_attempts"
    __table_args__ = (Index("send_attempts_channel", "channel", "begun_at"),)

    send: str = Field(sa_column=Column("send", String, ForeignKey("sends.key", ondelete="CASCADE"), primary_key=True))
    number: int = Field(primary_key=True)
    round: int
    route: int
    channel: str
    address: str
    begun_at: datetime = Field(sa_type=Moment)
    finished_at: datetime | None = Field(sa_type=Moment)
    outcome: str | None
    status: int | None
    code: str | None
    answer: str | None
    far_id: str | None
    again_at: datetime | None = Field(sa_type=Moment)
