"""One system for all tests of the interface, on its own port, with a key for each place."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from doors.dependencies import Services
from infra.database import transaction
from infra.store.policies import newest_version, policy_version
from models.context import Grant, Person
from models.enums import Role
from models.policy.questions import Question
from services.open311.keys import NewKey, make_key
from services.runtime.resources import Resources
from tests.builders import COMMUNITY, MICRO_2, OTHER_PARK, PARK, SINCE, person_id, publish
from tests.servers import Servers
from tests.ui.site import Site, running_site

#: A point in the first micro-grid, and one in the second.
HERE, THERE = {"lat": "38.005", "long": "117.005"}, {"lat": "38.005", "long": "117.015"}


@dataclass
class Interface:
    """The interface of a running site, and keys for it by the name of their place."""

    site: Site
    http: httpx.Client
    keys: dict[str, str]

    @property
    def url(self) -> str:
        """Where the interface is."""
        return f"{self.site.url}/open311/v2"

    def get(self, path: str, **params: Any) -> httpx.Response:
        """The response to a GET in the first park."""
        return self.http.get(f"{self.url}/{path}", params={"jurisdiction_id": PARK, **params})

    def post(self, path: str = "requests.json", files: Any = None, key: str = "park", **fields: Any) -> httpx.Response:
        """The response to a form sent with a key to the first park."""
        data = {"jurisdiction_id": PARK, "api_key": self.keys.get(key, key), **fields}
        return self.http.post(f"{self.url}/{path}", data=data, files=files)

    def report(self, **fields: Any) -> str:
        """Report waste water at a known place; return the number of the case."""
        answer = self.post(**{"service_code": "0302", **HERE, "description": "沟里有红水", **fields})
        assert answer.status_code == 200, answer.text
        return str(answer.json()[0]["service_request_id"])

    def ask(self, code: str, *questions: Question) -> None:
        """Publish a category of waste water, with that code, of which these questions are asked."""

        async def put() -> None:
            async with transaction(self.site.harness.engine) as connection:
                version = await newest_version(connection)
                policy = await policy_version(connection, version)
                water = next(one for one in policy.categories if one.code == "0302")
                asking = water.model_copy(update={"code": code, "questions": questions})
                extended = policy.model_copy(update={"categories": (*policy.categories, asking)})
                await publish(connection, extended, version=version + 1)

        self.site.run(put())

    def accepted(self, **fields: Any) -> str:
        """Report, and let the desk accept it."""
        number = self.report(**fields)
        self.site.do("duty", number, "accept")
        return number

    def one(self, number: str, **params: Any) -> Any:
        """The request of that number."""
        answer = self.get(f"requests/{number}.json", **params)
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()
        return found


@contextmanager
def allowed_on_this_machine() -> Iterator[None]:
    """Let a site that starts meanwhile fetch from 127.0.0.1, where the tests serve files."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GRIDLOOP_OUTGOING_PRIVATE", "127.0.0.1/32")
        yield


def admin() -> Person:
    """The administrator of the tiny park."""
    grant = Grant(role=Role.ADMIN, grid=None, department=None, since=SINCE)
    return Person(id=person_id("admin"), username="admin", grants=(grant,))


@pytest.fixture(scope="session")
def running(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    """The interface, for the whole run."""
    with ExitStack() as stack:
        with allowed_on_this_machine():
            site = stack.enter_context(running_site(servers, tmp_path_factory.mktemp("open311")))
        http = stack.enter_context(httpx.Client(timeout=60))

        async def make() -> dict[str, str]:
            found = {}
            places = {"park": PARK, "community": COMMUNITY, "micro_2": MICRO_2, "elsewhere": OTHER_PARK}
            for name, unit in places.items():
                async with transaction(site.harness.engine) as connection:
                    _, found[name] = await make_key(
                        connection, admin(), NewKey(name=f"{name} {uuid4().hex[:4]}", unit=unit), datetime.now(UTC)
                    )
            return found

        yield Interface(site, http, site.run(make()))


@pytest.fixture
def open311(running: Interface) -> Interface:
    """The interface, with no limit used."""
    running.site.clear_limits()
    return running


@contextmanager
def with_settings(open311: Interface, **changed: Any) -> Iterator[None]:
    """While the block runs, the pages and the interface have these settings."""
    app, harness = open311.site.harness.app, open311.site.harness
    services: Services = app.state.services
    resources = Resources(harness.settings.model_copy(update=changed), harness.engine, harness.temporal)
    app.state.services = Services(resources, services.people, services.identity)
    try:
        yield
    finally:
        app.state.services = services


@contextmanager
def unrecorded(open311: Interface) -> Iterator[None]:
    """While the block runs, no case gets a number: another transaction holds the counters. So reports are durable in
    their workflows and not recorded; the interface waits a second for them."""
    with psycopg.connect(open311.site.harness.settings.database) as holder:
        holder.execute("LOCK TABLE case_counters IN EXCLUSIVE MODE")
        with with_settings(open311, answer_seconds=1.0):
            try:
                yield
            finally:
                holder.rollback()
