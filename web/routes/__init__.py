"""The pages' routes, one file a subject."""

from fastapi import APIRouter

from web.routes import home, live, preferences, sign_in

#: In the order in which they are tried.
ROUTERS: tuple[APIRouter, ...] = (
    home.router,
    sign_in.router,
    preferences.router,
    live.router,
)
