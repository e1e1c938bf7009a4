"""A small system: the tiny park with its pages and a worker, as behind a proxy on this machine."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.servers import Servers
from tests.ui.site import Site, running_site
from web.build import bring_up_to_date

#: The name under which people reach the pages.
NAME = "grid.example.gov.cn"


@pytest.fixture(scope="session")
def site(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The system of this test process, with the settings that `deploy/nginx/gridloop.conf` names."""
    bring_up_to_date()
    with ExitStack() as stack:
        # Only while it starts: it lives as long as this process, and other tests have settings of their own.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GRIDLOOP_PUBLIC_URL", f"https://{NAME}")
            patch.setenv("GRIDLOOP_TRUSTED_PROXIES", "127.0.0.1")
            running = stack.enter_context(running_site(servers, tmp_path_factory.mktemp("site")))
        yield running
