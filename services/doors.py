"""What every service is given: settings, the database, Temporal."""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.settings import Settings
from services.known import Known


@dataclass(frozen=True)
class Backstage:
    """The connections of one process, opened once."""

    settings: Settings
    engine: AsyncEngine
    temporal: Client
    known: Known = field(default_factory=Known)
