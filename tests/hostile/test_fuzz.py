"""schemathesis over the whole OpenAPI document, as several roles, for some seconds each; `make fuzz` goes on longer."""

from collections.abc import Iterator

import pytest

from tests.hostile.fuzz import ROLES, fuzz
from tests.servers import Servers
from tests.ui.site import Site, running_site

SECONDS = 10


@pytest.fixture(scope="module")
def site(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(servers, tmp_path_factory.mktemp("fuzz")) as running:
        yield running


@pytest.mark.parametrize("username", ROLES)
def test_no_request_is_answered_with_a_fault_of_ours(site: Site, username: str) -> None:
    run = fuzz(site, username, SECONDS)
    assert not run.faults
    assert run.requests > 100
