"""The doors, one file a subject.

Each router carries its whole prefix itself (`APIRouter(prefix="/api/v1", …)`): a route's own path is what
the metrics are labelled with.
"""

from fastapi import APIRouter

from api.routes import (
    attachments,
    auth,
    cases,
    commands,
    directory,
    exports,
    health,
    notices,
    organisation,
    own,
    supervision,
)

#: In the order in which they are tried and documented.
ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    auth.router,
    cases.router,
    commands.router,
    attachments.router,
    directory.router,
    notices.router,
    own.router,
    organisation.router,
    supervision.router,
    exports.router,
)
