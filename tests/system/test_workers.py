"""Two worker processes, one for cases and one for heavy work: what each tells of itself; neither delays the other."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from temporalio.client import Client

from api.app import create_app
from doors.dependencies import Services
from infra.database import open_database, transaction
from infra.embedded.ports import free_ports
from infra.keys.ring import create_ring
from infra.settings import Settings
from infra.temporal import connect, make_converter
from infra.tracing import start_tracing, stop_tracing
from models.jobs.bulletin import BulletinKind, BulletinOrder
from services.bulletins.schedules import make_bulletins_now
from services.runtime.resources import Resources
from tests.api.harness import RUSHED, policy_with_a_rush
from tests.builders import LABOUR, MICRO, publish, small_park, token_for
from tests.servers import ROOT, Servers
from tests.system.processes import RunningProcess, answers, environment, running, until
from tests.system.receiver import Received, Receiver, receiving
from tests.town import Town

#: The bearer token of metrics, in this test.
TOKEN = "a-token-for-prometheus"
#: Seconds of a step that nothing delays, on a busy machine; far less than heavy work is held up here.
PROMPT = 10.0


@dataclass(frozen=True)
class Site:
    """The two processes, and what the test shares with them."""

    settings: Settings
    receiver: Receiver
    cases: RunningProcess
    heavy: RunningProcess


@pytest.fixture(scope="module")
def site(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small park with both workers, ready."""
    data_dir, name = tmp_path_factory.mktemp("workers"), f"test_{uuid4().hex}"
    settings = Settings(
        database_url=SecretStr(servers.create_database(name)), token_secret=SecretStr("0" * 64), data_dir=data_dir,
        case_queue=name, answer_seconds=40,
    )  # fmt: skip
    create_ring(settings.key_ring)
    asyncio.run(fill(settings))
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving())
        settings = settings.model_copy(update={"otlp_endpoint": receiver.url})
        started = [stack.enter_context(worker(servers, settings, queues)) for queues in ("cases", "heavy")]
        for process in started:
            process.until_ready("/readyz")
        yield Site(settings, receiver, *started)
    servers.drop_database(name)


async def fill(settings: Settings) -> None:
    """Fill the database with the park, and publish a policy in which some cases are due at once."""
    engine = open_database(settings)
    await small_park(engine)
    async with transaction(engine) as connection:
        await publish(connection, policy_with_a_rush(), version=2)
    await engine.dispose()


def worker(servers: Servers, settings: Settings, queues: str) -> AbstractContextManager[RunningProcess]:
    """A worker process for those queues, on a port of its own."""
    (port,) = free_ports(1)
    surroundings = environment(
        servers, settings.database_url.get_secret_value(), settings.data_dir, settings.case_queue,
        worker_queues=queues, worker_port=port, worker_name=f"rack-7.{queues}", metrics_token=TOKEN,
        otlp_endpoint=settings.otlp_endpoint,
    )  # fmt: skip
    surroundings["OTEL_BSP_SCHEDULE_DELAY"] = "200"  # milliseconds between two sendings
    log = Path(settings.data_dir, f"{queues}.log")
    return running(["worker.py"], surroundings, log, f"http://127.0.0.1:{port}")


@pytest.fixture
async def town(site: Site, servers: Servers) -> AsyncIterator[Town]:
    """The services, without a worker of their own."""
    engine = open_database(site.settings)
    client = await Client.connect(
        servers.temporal_address, namespace=servers.temporal_namespace, tls=False,
        data_converter=make_converter(site.settings.key_ring),
    )  # fmt: skip
    yield Town(Resources(site.settings, engine, client))
    await engine.dispose()


def test_what_a_worker_says_of_itself(site: Site) -> None:
    queue = site.settings.case_queue
    for process, served in ((site.cases, queue), (site.heavy, f"{queue}-heavy")):
        ready = httpx.get(f"{process.url}/readyz", trust_env=False)
        parts = ready.json()["parts"]
        assert (ready.status_code, parts[served], parts["process"], parts["temporal"]) == (200, "ok", "ok", "ok")
        assert not {queue, f"{queue}-heavy"} - {served} & parts.keys()
        assert answers(f"{process.url}/livez")
        assert answers(f"{process.url}/healthz", 404), "only what is there answers"


async def test_tables_of_a_newer_version_serve(site: Site, town: Town) -> None:
    revision = text("UPDATE alembic_version SET version_num = :revision RETURNING version_num")
    async with transaction(town.engine) as connection:
        now = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        await connection.execute(revision, {"revision": "9999"})
    try:
        told = httpx.get(f"{site.cases.url}/readyz", trust_env=False)
        assert (told.status_code, told.json()["parts"]["schema"]) == (200, "newer")
    finally:
        async with transaction(town.engine) as connection:
            await connection.execute(revision, {"revision": now})


async def test_a_deadline_is_seen_in_the_metrics(site: Site, town: Town) -> None:
    no = await town.report(category=RUSHED, title="立等")
    await town.do("duty", no, "accept")
    await town.do("duty", no, "dispatch", host=LABOUR)
    async with asyncio.timeout(60):
        while "overdue" not in await town.kinds(no):
            await asyncio.sleep(0.05)
    told = httpx.get(f"{site.cases.url}/metrics", trust_env=False).text
    for name in (
        'gridloop_due_lateness_seconds_count{what="overdue"}',
        'gridloop_pool_size{pool="main"} 10.0',
        'gridloop_pool_size{pool="recording"} 10.0',
        'gridloop_pool_in_use{pool="recording"}',
        "gridloop_pool_wait_seconds",
        "temporal_worker_task_slots_available{",
        "temporal_sticky_cache_size{",
        "temporal_workflow_task_schedule_to_start_latency_seconds_bucket{",
        "temporal_workflow_task_execution_latency_seconds_bucket{",
        "temporal_request_latency_seconds_bucket{",
    ):
        assert name in told, name
    assert "gridloop_recorded" in told
    again = httpx.get(f"{site.cases.url}/metrics", headers={"X-Forwarded-For": "10.1.1.1"}, trust_env=False)
    assert again.status_code == 401, "told to this machine alone without the token"
    authorized = {"X-Forwarded-For": "10.1.1.1", "Authorization": f"Bearer {TOKEN}"}
    assert httpx.get(f"{site.cases.url}/metrics", headers=authorized, trust_env=False).status_code == 200


async def test_heavy_work_that_hangs_delays_no_step(site: Site, town: Town) -> None:
    order, wait = BulletinOrder(kind=BulletinKind.BOARD), timedelta(seconds=2)
    client, queue = town.resources.temporal, site.settings.case_queue
    site.heavy.started.send_signal(signal.SIGSTOP)
    try:
        assert await make_bulletins_now(client, queue, order, wait) is None, "nobody else takes it"
        with pytest.raises(httpx.TimeoutException):
            httpx.get(f"{site.heavy.url}/livez", timeout=1, trust_env=False)
        begun = time.monotonic()
        no = await town.report(category="0201", title="欠薪")
        await town.do("duty", no, "accept")
        assert time.monotonic() - begun < PROMPT
    finally:
        site.heavy.started.send_signal(signal.SIGCONT)
    assert await make_bulletins_now(client, queue, order, timedelta(seconds=60)), "it goes on where it was"


async def test_the_spans_of_a_report_are_one_trace_that_names_nobody(
    site: Site, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", servers.temporal_address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", servers.temporal_namespace)
    start_tracing(site.settings, "gridloop-api")
    engine, app = open_database(site.settings), create_app()
    try:
        app.state.services = Services(Resources(site.settings, engine, await connect(site.settings)))
        body = {"report_id": str(uuid4()), "category": "0201", "title": "欠薪三个月", "grid": MICRO,
                "reporter": {"name": "赵小强", "phone": "13987650123"}}  # fmt: skip
        headers = {"Authorization": f"Bearer {token_for(site.settings, 'worker')}"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
            answer = await http.post("/api/v1/cases", json=body, headers=headers)
            assert answer.status_code == 201, answer.text
            assert (await http.get(answer.headers["Location"], headers=headers)).status_code == 200
    finally:
        await engine.dispose()
        await asyncio.to_thread(stop_tracing)

    def spans() -> list[Received]:
        of = {span.name: span.trace for span in site.receiver.spans}
        return [span for span in site.receiver.spans if span.trace == of.get("POST /api/v1/cases")]

    wanted = {
        ("gridloop-api", "POST /api/v1/cases"), ("gridloop-api", "StartUpdateWithStartWorkflow:Case"),
        ("gridloop-worker", "RunWorkflow:Case"), ("gridloop-worker", "StartActivity:record"),
        ("gridloop-worker", "RunActivity:record"),
    }  # fmt: skip
    until(lambda: wanted <= {(span.service, span.name) for span in spans()}, f"{sorted({s.name for s in spans()})}")
    until(
        lambda: any("db.operation.name" in one.attributes for one in spans() if one.service == "gridloop-worker"),
        "the statements of the recording step",
    )
    assert "GET /api/v1/cases/{case_no}" in {span.name for span in site.receiver.spans}
    told = "".join(span.whole for span in site.receiver.spans)
    number = answer.json()["case_no"]
    assert [word for word in ("赵小强", "13987650123", "欠薪", number, "password") if word in told] == []
    assert {name.partition(".")[0] for span in spans() for name in span.attributes} <= {
        "http", "db", "temporalWorkflowID", "temporalRunID", "temporalActivityID", "temporalUpdateID"
    }  # fmt: skip


def test_a_worker_that_waits_lives_and_is_not_ready(site: Site, servers: Servers, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    surroundings = environment(
        servers, site.settings.database_url.get_secret_value(), site.settings.data_dir, "waiting", worker_port=port
    )
    command, url = ["worker.py"], f"http://127.0.0.1:{port}"
    with running(command, {**surroundings, "TEMPORAL_NAMESPACE": "nowhere"}, tmp_path / "log", url) as process:
        process.until_ready("/livez")
        answer = httpx.get(f"{url}/readyz", trust_env=False)
        assert (answer.status_code, answer.json()["parts"]) == (503, {"process": "waiting"})
        until(lambda: "the namespace does not exist" in process.said(), process.said())
        assert process.stop() < 20


def test_without_an_endpoint_nothing_of_it_is_loaded() -> None:
    program = (
        "import sys, infra.database, infra.temporal; from infra.tracing import *; from infra.settings import *;"
        "start_tracing(Settings(database_url='postgresql://x', token_secret='0' * 64), 'x');"
        "sys.exit('opentelemetry.sdk' in sys.modules or 'infra.open_telemetry' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_a_worker_that_stops_ends_what_it_does(site: Site) -> None:
    for process in (site.cases, site.heavy):
        assert process.stop() < 20
        assert process.started.returncode == 0, process.said()
        assert "Traceback" not in process.said()
