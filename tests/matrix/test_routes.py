"""Every route has one row in the table of who may ask what."""

import re
from collections import Counter

from api.routes import ROUTERS as API_ROUTERS
from tests.matrix.table import rows
from web.routes import ROUTERS as PAGE_ROUTERS

_COMMAND = re.compile(r"/(commands|bulk)/[a-z_]+$")


def routes() -> set[tuple[str, str]]:
    """Method and path of every route; each command of a case or matter as `{command}`."""
    return {
        (method, _COMMAND.sub(r"/\1/{command}", str(getattr(route, "path", ""))))
        for router in (*API_ROUTERS, *PAGE_ROUTERS)
        for route in router.routes
        for method in (getattr(route, "methods", None) or ())
        if method != "HEAD"
    }


def test_every_route_has_exactly_one_row() -> None:
    listed = Counter((method, path) for method, path, _ in rows())
    assert sorted(routes() - set(listed)) == [], "no row says who may ask this"
    assert sorted(set(listed) - routes()) == [], "there is no such route"
    assert [row for row, times in listed.items() if times > 1] == []
