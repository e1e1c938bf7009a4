"""The routes of the pages."""

from fastapi import APIRouter

from web.routes import home, live
from web.routes.account import notifications, openid, preferences, second_factor, security, settings, sign_in, tokens
from web.routes.admin import (
    actions,
    channels,
    deliveries,
    drafts,
    home as admin,
    open311,
    organisation,
    people,
    policies,
    receivers,
    suggestions,
    temporal,
)
from web.routes.desk import case, cases, commands, exports, intake, links, notices, palette, queue, reporter, retired
from web.routes.park import emergencies, enterprises, matters, plans, points, referrals, stations
from web.routes.public import desks, one_time_links, pages, pictures, undertakings
from web.routes.supervision import analysis, board, bulletins, handovers, ladder, map, overdue, ranking, urges

#: The routers in the order in which their routes are tried.
ROUTERS: tuple[APIRouter, ...] = (
    home.router,
    sign_in.router,
    openid.router,
    pages.router,
    pictures.router,
    desks.router,
    one_time_links.router,
    undertakings.router,
    preferences.router,
    live.router,
    queue.router,
    cases.router,
    exports.router,
    commands.router,
    case.router,
    retired.router,
    reporter.router,
    links.router,
    intake.router,
    notices.router,
    settings.router,
    notifications.router,
    security.router,
    second_factor.router,
    tokens.router,
    palette.router,
    board.router,
    drafts.router,
    actions.router,
    channels.router,
    deliveries.router,
    temporal.router,
    receivers.router,
    open311.router,
    suggestions.router,
    policies.router,
    organisation.router,
    people.router,
    admin.router,
    map.router,
    bulletins.router,
    analysis.router,
    urges.router,
    handovers.router,
    ladder.router,
    ranking.router,
    overdue.router,
    stations.router,
    emergencies.router,
    referrals.router,
    enterprises.router,
    points.router,
    plans.router,
    matters.router,
)
