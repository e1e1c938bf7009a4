"""The routes of the API, one file per subject.

Each router has its whole prefix (`APIRouter(prefix="/api/v1", …)`), because metrics are labelled with the route's path.
"""

from fastapi import APIRouter

from api.open311 import (
    catalogue as open311_catalogue,
    keys as open311_keys,
    requests as open311_requests,
    updates as open311_updates,
)
from api.routes import (
    account,
    admin_accounts,
    admin_actions,
    attachments,
    auth,
    cases,
    codec,
    commands,
    directory,
    duties,
    emergencies,
    enterprises,
    exports,
    feed,
    health,
    matters,
    notices,
    organisation,
    own,
    points,
    referrals,
    reporters,
    second_factor,
    stations,
    supervision,
    tokens,
)

#: In the order in which they are matched and documented.
ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    codec.router,
    auth.router,
    account.router,
    second_factor.router,
    tokens.router,
    cases.router,
    reporters.router,
    commands.router,
    attachments.router,
    directory.router,
    notices.router,
    own.router,
    organisation.router,
    admin_accounts.router,
    admin_actions.router,
    points.router,
    supervision.router,
    exports.router,
    feed.router,
    duties.router,
    emergencies.router,
    referrals.router,
    enterprises.router,
    stations.intake,
    stations.router,
    open311_catalogue.discovery,
    open311_catalogue.router,
    open311_requests.router,
    open311_requests.keyed,
    open311_updates.router,
    open311_updates.keyed,
    open311_keys.router,
    *matters.ROUTERS,
)
