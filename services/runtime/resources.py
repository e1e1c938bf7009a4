"""What every service receives: settings, the database engine, the Temporal client."""

from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.database import autocommit_engine
from infra.settings import Settings
from services.runtime.reference_cache import ReferenceCache


@dataclass(frozen=True)
class Resources:
    """The connections of one process, opened once."""

    settings: Settings
    engine: AsyncEngine
    temporal: Client
    reference: ReferenceCache = field(default_factory=ReferenceCache)

    @cached_property
    def reading(self) -> AsyncEngine:
        """The engine for reads: each statement runs alone, without the two round trips that begin and end a
        transaction.

        A statement sees what it would see in a transaction of its own.
        """
        return autocommit_engine(self.engine)
