"""schemathesis over the whole OpenAPI document, as each role in turn, for some seconds; `make fuzz` goes on longer."""

from collections.abc import Iterator

import pytest

from models.enums import Role
from tests.hostile.fuzz import fuzz
from tests.servers import Servers
from tests.ui.site import Site, running_site

SECONDS = 15


@pytest.fixture(scope="module")
def site(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(servers, tmp_path_factory.mktemp("fuzz")) as running:
        yield running


@pytest.mark.timeout(400)  # schemathesis takes long to start on a busy machine
def test_no_request_is_answered_with_a_fault_of_ours(site: Site) -> None:
    run = fuzz(site, SECONDS)
    assert not run.faults
    assert set(run.by_role) == {role.value for role in Role}, "each role asks"
    assert run.requests > 100
    assert run.statuses["200"] + run.statuses["201"] > 20, "not all of it is refused"
