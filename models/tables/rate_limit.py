"""What clients have used of the limits."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class RateLimitRow(SQLModel, table=True):
    """What one client has used of one limit since `began_at`. Rows are deleted when their window has passed."""

    __tablename__ = "rate_limits"
    __table_args__ = (Index("rate_limits_began_at", "began_at"),)

    name: str = Field(primary_key=True)
    client: str = Field(primary_key=True)
    began_at: datetime = Field(sa_type=Moment)
    used: int
