"""The connections and caches of one API process, as FastAPI dependencies.

Dependencies are `async` even where they await nothing: FastAPI would run a plain function in another thread.
"""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.settings import Settings
from services.accounts.openid import IdentityProvider
from services.runtime.person_cache import PersonCache
from services.runtime.resources import Resources


@dataclass(frozen=True)
class Services:
    """The connections of the process, the cache of people, and what the identity provider says of itself."""

    resources: Resources
    people: PersonCache = field(default_factory=PersonCache)
    identity: IdentityProvider = field(default_factory=IdentityProvider)

    @property
    def settings(self) -> Settings:
        """The settings of the process."""
        return self.resources.settings

    @property
    def engine(self) -> AsyncEngine:
        """The database engine for transactions."""
        return self.resources.engine

    @property
    def reading(self) -> AsyncEngine:
        """The database engine for reads, in autocommit mode."""
        return self.resources.reading

    @property
    def temporal(self) -> Client:
        """The Temporal client, connected at the first call."""
        return self.resources.temporal


async def get_services(request: Request) -> Services:
    """Return what the application opened when it started."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


async def get_resources(request: Request) -> Resources:
    """Return the connections that services receive."""
    return (await get_services(request)).resources


ServicesDep = Annotated[Services, Depends(get_services)]
ResourcesDep = Annotated[Resources, Depends(get_resources)]
