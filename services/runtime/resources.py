"""What every service is given: settings, the database, Temporal."""

from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.database import at_once
from infra.settings import Settings
from services.runtime.reference_cache import Known


@dataclass(frozen=True)
class Backstage:
    """The connections of one process, opened once."""

    settings: Settings
    engine: AsyncEngine
    temporal: Client
    known: Known = field(default_factory=Known)

    @cached_property
    def reading(self) -> AsyncEngine:
        """The database for who only reads: each statement by itself, as in a transaction here too, but without one to
        begin and to end, which costs two ways to PostgreSQL."""
        return at_once(self.engine)
