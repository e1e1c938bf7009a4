"""A real nginx with the files of `deploy/nginx/` before two processes of the pages, one of them stopped, and before
Temporal."""

import io
import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import TLSConfig

from doors.session import COOKIE
from infra.awaiting import NotThere, find_place
from infra.embedded.ports import free_ports
from infra.embedded.temporal_tls import CA, CLIENT, CLIENT_KEY, SERVER, make_certificates
from infra.keys.ring import create_ring
from infra.settings import Settings
from infra.temporal import connect
from services.setup.report import Item
from services.setup.temporal import temporal_items
from tests.builders import PASSWORD
from tests.deploy import tools
from tests.deploy.conftest import NAME
from tests.deploy.sample import DEPLOY
from tests.servers import Servers, temporary_directory
from tests.system.processes import until
from tests.ui.site import Site

FILES = DEPLOY / "nginx"
#: An address of this machine that is no proxy.
CLIENT_ADDRESS = "127.0.0.9"
#: Keys with which Temporal is reached: the current one, and the one before it.
API_KEYS = ("2f" * 32, "a1" * 32)
MAIN = """
pid {folder}/nginx.pid;
error_log stderr notice;
daemon off;
{user}
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


@dataclass(frozen=True)
class Front:
    """The running nginx: its ports, and the folder with its certificates."""

    https: int
    http: int
    grpc: int
    grpc_by_key: int
    folder: Path

    @property
    def trust(self) -> ssl.SSLContext:
        """Trusts the certificate of this run."""
        return ssl.create_default_context(cafile=str(self.folder / CA))

    @contextmanager
    def client(self, **options: object) -> Iterator[httpx.Client]:
        """A client from another address."""
        transport = httpx.HTTPTransport(verify=self.trust, local_address=CLIENT_ADDRESS)
        base = f"https://127.0.0.1:{self.https}"
        with httpx.Client(
            transport=transport,
            base_url=base,
            headers={"Host": NAME},
            timeout=30,
            trust_env=False,
            **options,  # type: ignore[arg-type]
        ) as client:
            yield client


def replaced(text: str, changes: dict[str, str]) -> str:
    """The text with each old part, which must be there, changed."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def arrange(folder: Path, pages: tuple[str, str], servers: Servers) -> Front:
    """Write the configuration with the places and ports of this run. `pages`: `host:port` of both processes."""
    https, http, grpc, by_key = free_ports(4)
    make_certificates(folder)
    for made in (SERVER, CA):
        (folder / made).chmod(0o644)
    (folder / "conf.d").mkdir()
    places = {"/etc/nginx/gridloop/gridloop-headers.conf": f"{folder}/gridloop-headers.conf"}
    (folder / "gridloop-headers.conf").write_text((FILES / "gridloop-headers.conf").read_text("utf-8"))
    (folder / "conf.d" / "gridloop.conf").write_text(
        replaced((FILES / "gridloop.conf").read_text("utf-8"), {
            **places,
            "server 127.0.0.1:8080 ": f"server {pages[0]} ",
            "server 127.0.0.1:8081 ": f"server {pages[1]} ",
            "listen 443 ": f"listen 127.0.0.1:{https} ", "listen 80;": f"listen 127.0.0.1:{http};",
            "/var/log/nginx/gridloop.log": f"{folder}/gridloop.log",
            "/etc/nginx/gridloop/fullchain.pem": f"{folder}/{SERVER}",
            "/etc/nginx/gridloop/privkey.pem": f"{folder}/{SERVER}",
        })
    )  # fmt: skip
    (folder / "conf.d" / "temporal-grpc.conf").write_text(
        replaced((FILES / "temporal-grpc.conf").read_text("utf-8"), {
            "server 127.0.0.1:7233;": f"server {servers.temporal_address};",
            "listen 7443 ": f"listen 127.0.0.1:{grpc} ",
            "/etc/nginx/gridloop/temporal.pem": f"{folder}/{SERVER}",
            "/etc/nginx/gridloop/temporal-clients-ca.pem": f"{folder}/{CA}",
        })
    )  # fmt: skip
    (folder / "temporal-api-keys.map").write_text("".join(f'"Bearer {key}" 1;\n' for key in API_KEYS))
    (folder / "conf.d" / "temporal-grpc-key.conf").write_text(
        replaced((FILES / "temporal-grpc-key.conf").read_text("utf-8"), {
            "server 127.0.0.1:7233;": f"server {servers.temporal_address};",
            "listen 7444 ": f"listen 127.0.0.1:{by_key} ",
            "/etc/nginx/gridloop/temporal.pem": f"{folder}/{SERVER}",
            "/etc/nginx/gridloop/temporal-api-keys.map": f"{folder}/temporal-api-keys.map",
        })
    )  # fmt: skip
    user = "user nobody nogroup;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    return Front(https, http, grpc, by_key, folder)


@pytest.fixture(scope="module")
def front(site: Site, servers: Servers) -> Iterator[Front]:
    """nginx, running; `nginx -t` has taken its files without a warning."""
    (closed,) = free_ports(1)
    with running_nginx((f"127.0.0.1:{closed}", site.url.removeprefix("http://")), servers) as made:
        yield made


@contextmanager
def running_nginx(pages: tuple[str, str], servers: Servers) -> Iterator[Front]:
    """Run nginx before two processes of the pages and before Temporal, until the block ends."""
    with temporary_directory() as folder:
        made = arrange(folder, pages, servers)
        command = [tools.need("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        assert "[warn]" not in checked.stderr
        # Into a file: a pipe that nobody reads is full after some hundred lines, and nginx would stand still.
        with (folder / "said").open("w") as said, subprocess.Popen(command, stderr=said) as running:
            try:
                until(lambda: running.poll() is not None or listens(made.https), "nginx listens")
                yield made
            finally:
                running.terminate()


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def sign_in(client: httpx.Client) -> httpx.Response:
    return client.post(
        "/sign-in", data={"username": "duty", "password": PASSWORD}, headers={"Origin": f"https://{NAME}"}
    )


def test_the_clients_address_and_scheme_arrive(front: Front) -> None:
    with front.client() as client:
        spoofed = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "gopher"}
        given = client.post("/api/v1/auth/token", data={"username": "duty", "password": PASSWORD}, headers=spoofed)
        token = {"Authorization": f"Bearer {given.json()['access_token']}"}
        sessions = client.get("/api/v1/me/sessions", headers=token).json()["items"]
        assert [one["address"] for one in sessions if one["current"]] == [CLIENT_ADDRESS]
        cookie = sign_in(client).headers["set-cookie"]
        assert cookie.startswith(COOKIE)
        assert "Secure" in cookie


def test_plain_http_leads_to_https_and_other_names_are_refused(front: Front) -> None:
    moved = httpx.get(f"http://127.0.0.1:{front.http}/p", headers={"Host": NAME}, trust_env=False)
    assert (moved.status_code, moved.headers["location"]) == (301, f"https://{NAME}/p")
    with front.client() as client:
        answer = client.get("/p")
        assert (answer.status_code, answer.headers["strict-transport-security"]) == (200, "max-age=31536000")
        assert client.get("/p", headers={"Host": "other.example"}).status_code == 421


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/metrics?x=1", "/%6detrics"])
def test_what_is_not_for_outside_is_refused(front: Front, path: str) -> None:
    with front.client() as client:
        answer = client.get(path)
        assert answer.status_code == 403
        assert "gridloop_" not in answer.text


def test_an_address_that_holds_a_token_is_not_logged(front: Front) -> None:
    with front.client() as client:
        asked = (
            "/l/token-of-a-link", "/p/stop/token-of-one", "/p/photo/token-of-a-photo", "/p?code=token-of-a-report",
            "/open311/v2/nothing.json?api_key=token-of-a-program", "/p?seen=1",
        )  # fmt: skip
        statuses = [client.get(path, headers={"Referer": f"https://{NAME}/p?code=token-of"}) for path in asked]
        assert [answer.status_code for answer in statuses] == [404, 404, 404, 200, 404, 200]
    httpx.get(f"http://127.0.0.1:{front.http}/l/token-of-a-link", headers={"Host": NAME}, trust_env=False)
    logged = (front.folder / "gridloop.log").read_text()
    assert '"GET /p HTTP' in logged
    assert '"GET /open311/v2/nothing.json HTTP' in logged
    assert "token-of" not in logged + (front.folder / "access.log").read_text()


def test_an_event_passes_at_once(front: Front) -> None:
    with front.client() as client, front.client() as other:
        client.cookies.set(COOKIE, sign_in(other).cookies[COOKIE])
        worker = other.post("/api/v1/auth/token", data={"username": "worker", "password": PASSWORD}).json()
        with client.stream("GET", "/live") as stream:
            lines = stream.iter_lines()
            assert next(lines) == ": open"
            sent = {"report_id": "0192f0c1-6f3e-7000-8000-000000000001", "category": "0302", "title": "夜间恶臭",
                    "grid": "130172100001001001"}  # fmt: skip
            answer = other.post(
                "/api/v1/cases", json=sent, headers={"Authorization": f"Bearer {worker['access_token']}"}
            )
            assert answer.status_code in (201, 202), answer.text
            told = time.monotonic()
            assert any(line == "event: case" for line in lines)
            assert time.monotonic() - told < 5, "an answer that is buffered would come with the heartbeat, or later"


def test_a_large_upload_passes(front: Front) -> None:
    side = 2_500
    picture = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(1_000) * (side * side * 3 // 1_000)).save(picture, "BMP")
    assert len(picture.getvalue()) > 18_000_000
    with front.client() as client:
        token = client.post("/api/v1/auth/token", data={"username": "worker", "password": PASSWORD}).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        stored = client.post("/api/v1/attachments", files={"file": ("b.bmp", picture.getvalue())}, headers=headers)
        assert stored.status_code == 201, stored.text


def test_what_no_form_holds_is_refused_unread(front: Front) -> None:
    head = f"POST /api/v1/attachments HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {400 * 2**20}\r\n\r\n"
    trust = ssl.create_default_context(cafile=str(front.folder / CA))
    with (
        socket.create_connection(("127.0.0.1", front.https), 10) as plain,
        trust.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(head.encode())
        assert secure.recv(1_000).startswith(b"HTTP/1.1 413")


async def test_temporal_is_reached_with_a_certificate_only(front: Front, servers: Servers) -> None:
    ca, cert, key = ((front.folder / name).read_bytes() for name in (CA, CLIENT, CLIENT_KEY))
    address, namespace = f"127.0.0.1:{front.grpc}", servers.temporal_namespace
    tls = TLSConfig(server_root_ca_cert=ca, client_cert=cert, client_private_key=key)
    client = await Client.connect(address, namespace=namespace, tls=tls)
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    assert described.namespace_info.name == namespace
    with pytest.raises(RuntimeError):
        await Client.connect(address, namespace=namespace, tls=TLSConfig(server_root_ca_cert=ca))


@pytest.mark.parametrize("key", API_KEYS)
async def test_temporal_is_reached_with_an_api_key(front: Front, servers: Servers, known: Settings, key: str) -> None:
    client = await connect(known, environment=by_key(front, servers, key))
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=servers.temporal_namespace)
    )
    assert described.namespace_info.name == servers.temporal_namespace


@pytest.mark.parametrize(
    ("key", "says"), [("00" * 32, "the API key is not known"), ("", "not known|certificate|TLS|connect")]
)
async def test_a_wrong_api_key_is_named_by_worker_and_setup(
    front: Front, servers: Servers, known: Settings, key: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in by_key(front, servers, key).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(NotThere, match=f"Temporal cannot be reached: .*({says})") as waiting:
        await find_place(known)
    (item,) = [item async for item in temporal_items(known, check=True)]
    assert isinstance(item, Item)
    assert (item.part, item.state.value) == ("temporal", "mend")
    assert re.search(says, item.en), item.en
    assert "TEMPORAL_API_KEY" in item.zh
    for told in (str(waiting.value), item.en, item.zh):
        assert len(told) < 400, told
        assert not key or key not in told


def by_key(front: Front, servers: Servers, key: str) -> dict[str, str]:
    """The variables with which Temporal is reached by a key."""
    return {
        "TEMPORAL_ADDRESS": f"127.0.0.1:{front.grpc_by_key}", "TEMPORAL_NAMESPACE": servers.temporal_namespace,
        "TEMPORAL_API_KEY": key, "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(front.folder / CA),
    }  # fmt: skip


@pytest.fixture
def known(database_url: str, tmp_path: Path) -> Settings:
    settings = Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), data_dir=tmp_path)
    create_ring(settings.key_ring)
    return settings


def test_a_process_that_is_stopped_is_not_noticed(front: Front) -> None:
    with front.client() as client:
        assert [client.get("/p").status_code for _ in range(6)] == [200] * 6
