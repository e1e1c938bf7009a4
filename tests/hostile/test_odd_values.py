"""Odd values in every path, query and form of every route: refused or answered, never a fault of ours."""

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from tests.api.harness import ApiHarness

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: As they stand in an address or a form, percent-encoded.
ODD = [
    "%27", "%25", "*", "%00", "a%00b", "%0A", "%0D%0Ax%3A%20y", "%09", "%1B", "%7F", "%ED%A0%80", "%FF%FE", "%C0%AF",
    "%F0%9F%98%80", "%E2%80%AE", "..%2F..%2Fetc", "%2e%2e", "%5C", "a" * 5_000, "%E9%95%BF" * 900, "-1", "0", "1e999",
    "NaN", "Infinity", "99999999999999999999", "-99999999999999999999", "2147483648", "9223372036854775808", "1.5",
    "true", "null", "%5B%5D", "%7B%7D", "0001-01-01", "9999-12-31", "9999-12-31T23%3A59%3A59-14%3A00", "2026-02-30",
    "00000000-0000-0000-0000-000000000000", "130172100", "W%2F%22x%22", "%3Cscript%3E", "%27%3B--", "%2525", "%20", "",
]  # fmt: skip
#: What a path stands for, so that the route behind it is reached.
REAL = {"code": "130172100", "kind": "topic", "name": "attach", "number": "1", "username": "volunteer"}
#: They answer for as long as somebody listens, or sign the reader out.
SKIPPED = {"/live", "/sign-out"}


def routes(app: Any) -> list[APIRoute]:
    """All routes, those of included routers with their whole paths."""
    found: dict[tuple[str, str], APIRoute] = {}
    waiting = list(app.router.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            found.setdefault((route.path, ",".join(sorted(route.methods or ()))), route)
        for inner in ("original_router", "router", "app"):
            nested = getattr(getattr(route, inner, None), "routes", None)
            if nested and not isinstance(route, APIRoute):
                waiting += nested
    return [one for one in found.values() if one.path not in SKIPPED]


def requests_of(route: APIRoute, case_no: str, pick: Iterator[str]) -> Iterator[tuple[str, str, bytes | None]]:
    """Method, address and form of each request: one odd value at a time in path, query and form."""
    real = {**REAL, "case_no": case_no}
    names = [param.name for param in route.dependant.path_params]

    for method in sorted((route.methods or set()) - {"HEAD"}):
        for name in names:
            for _ in range(2):
                yield method, _address(route, {**real, name: next(pick) or "%20"}), None
        for name in _params(route, "query_params"):
            for _ in range(2):
                yield method, f"{_address(route, real)}?{name}={next(pick)}", None
        for name in {*_params(route, "body_params"), "next"} if method != "GET" else ():
            yield method, _address(route, real), f"{name}={next(pick)}".encode()


def _address(route: APIRoute, values: dict[str, str]) -> str:
    path = route.path
    for param in route.dependant.path_params:
        path = path.replace("{" + param.name + "}", values.get(param.name, "1"))
    return path


def _params(route: APIRoute, kind: str) -> set[str]:
    found, waiting = set(), [route.dependant]
    while waiting:
        dependant = waiting.pop()
        found |= {param.alias for param in getattr(dependant, kind)}
        waiting += dependant.dependencies
    return found


@pytest.mark.parametrize("username", ["admin", "duty"])
async def test_no_odd_value_is_a_fault_of_ours(harness: ApiHarness, username: str) -> None:
    case_no = (await harness.report())["case_no"]
    session = harness.signed_in(username)["Authorization"].removeprefix("Bearer ")
    headers = {
        "Cookie": f"gridloop_session={session}", "Sec-Fetch-Site": "same-origin", "X-Gridloop": "1",
        "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    pick = itertools.cycle(ODD if username == "admin" else ODD[::-1])
    asked = [one for route in routes(harness.app) for one in requests_of(route, case_no, pick)]
    assert len(asked) > 1_500
    # What ends sessions comes last.
    asked.sort(key=lambda one: any(word in one[1] for word in ("session", "password", "people", "sign")))
    faults, turns = [], asyncio.Semaphore(8)

    async def ask(number: int, method: str, path: str, form: bytes | None) -> None:
        scripted = {"HX-Request": "true"} if number % 2 else {}
        async with turns:
            answer = await harness.http.request(
                method, f"http://gridloop.test{path}", headers={**headers, **scripted}, content=form
            )
        if answer.status_code >= 500 and answer.status_code not in (503, 507):
            faults.append(f"{answer.status_code} {method} {path[:150]} {form!r:.150}")
        place = answer.headers.get("hx-redirect") or answer.headers.get("location") or "/"
        if not place.startswith("/") or place.startswith("//") or any(ord(sign) < 33 for sign in place):
            faults.append(f"leads to {place!r}: {method} {path[:150]} {form!r:.150}")

    await asyncio.gather(*(ask(number, *one) for number, one in enumerate(asked)))
    assert not faults, f"{len(faults)} of {len(asked)}:\n" + "\n".join(sorted(faults)[:60])
