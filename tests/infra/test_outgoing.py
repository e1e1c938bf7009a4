"""The guard of outgoing requests, against a table of bad addresses and against servers that behave badly."""

import asyncio
import gzip
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.temporal_tls import CA, SERVER, make_certificates
from infra.outgoing import Outgoing
from models.errors import (
    AddressRefused,
    AnswerLost,
    AnswerTooLarge,
    CertificateRefused,
    OutgoingFailed,
    RedirectRefused,
    TlsFailed,
    TooSlow,
    Unreachable,
)
from tests.fakes.far_side import Reply, running_far_side

LOCAL = ("127.0.0.0/8", "::1/128")
INSIDE = (
    "127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]",
    "2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "127.1", "0.0.0.0", "[::]", "10.0.0.1", "172.16.5.4",
    "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fd00::1]", "[fec0::1]", "100.64.0.1", "224.0.0.1", "[ff02::1]",
    "255.255.255.255", "192.0.2.1", "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]", "[2001:db8::1]",
    "240.0.0.1", "①②⑦.0.0.1",
)  # fmt: skip
MALFORMED = (
    "", "   ", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1/",
    "javascript:alert(1)", "http://", "http:///x", "http://user@example.com/", "https://user:word@example.com/",
    "http://example.com:99999/", "http://exa mple.com/", "http://example.com\r\nX: y/", "http://[::1/", "http://\x00/",
)  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
async def test_the_inside_is_refused_before_anything_is_sent(host: str) -> None:
    async with running_far_side(lambda _: Reply()) as side:
        with pytest.raises(AddressRefused) as caught:
            await Outgoing().request("GET", f"http://{host}:{side.port}/")
        assert not side.received
    assert not caught.value.perhaps_done


@pytest.mark.parametrize("url", MALFORMED)
async def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        await Outgoing(LOCAL).request("GET", url)
    assert "word" not in caught.value.message("zh")


@pytest.mark.parametrize("private", [("127.0.0.0/8", "::1/128"), ("localhost",)])
async def test_what_the_operator_allows_is_reached(private: tuple[str, ...]) -> None:
    async with running_far_side(lambda got: Reply(body=got.headers["host"].encode())) as side:
        answer = await Outgoing(private).request("POST", side.url("/a?b=c", "localhost"), content=b"x")
        assert answer.status == 200
        assert answer.text == f"localhost:{side.port}"
        assert [(one.method, one.target, one.body) for one in side.received] == [("POST", "/a?b=c", b"x")]


async def test_the_unspecified_address_is_refused_although_its_network_is_allowed() -> None:
    with pytest.raises(AddressRefused):
        await Outgoing(("0.0.0.0/0",)).request("GET", "http://0.0.0.0/")


async def test_a_name_that_changes_its_mind_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def lookup(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup, raising=False)
    async with running_far_side(lambda _: Reply()) as side:
        guard = Outgoing(("127.0.0.0/8",))
        assert (await guard.request("GET", side.url("/", "far.example"))).status == 200
        assert asked[0] == "far.example"
        with pytest.raises(AddressRefused):
            await guard.request("GET", side.url("/", "far.example"))


async def test_one_bad_address_among_good_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("127.0.0.1", "10.1.1.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup, raising=False)
    async with running_far_side(lambda _: Reply()) as side:
        with pytest.raises(AddressRefused):
            await Outgoing(("127.0.0.0/8",)).request("GET", side.url("/", "far.example"))
        assert not side.received


@pytest.mark.parametrize("where", ["http://169.254.169.254/latest", "https://example.com/", "/elsewhere"])
async def test_no_redirect_is_followed(where: str) -> None:
    async with running_far_side(lambda _: Reply(302, headers={"location": where})) as side:
        with pytest.raises(RedirectRefused, match="302") as caught:
            await Outgoing(LOCAL).request("POST", side.url(), content=b"{}")
        assert not caught.value.perhaps_done
        assert len(side.received) == 1


async def test_the_whole_exchange_has_one_limit() -> None:
    never = asyncio.Event()
    slow = {"/drip": Reply(body=b"x" * 1000, drip=0.05), "/late": Reply(wait=never)}
    async with running_far_side(lambda got: slow[got.path]) as side:
        for path in slow:
            with pytest.raises(TooSlow) as caught:
                await Outgoing(LOCAL).request("GET", side.url(path), total=0.4)
            assert caught.value.perhaps_done
        never.set()


async def test_a_large_answer_is_cut_off_packed_or_not() -> None:
    packed = gzip.compress(b"0" * 5_000_000)
    large = {
        "/plain": Reply(body=b"x" * 5000),
        "/gzip": Reply(body=packed, headers={"content-encoding": "gzip"}),
        "/fits": Reply(body=gzip.compress(b"fits"), headers={"content-encoding": "gzip"}),
    }
    async with running_far_side(lambda got: large[got.path]) as side:
        for path in ("/plain", "/gzip"):
            with pytest.raises(AnswerTooLarge):
                await Outgoing(LOCAL).request("GET", side.url(path), most=4096)
            answer = await Outgoing(LOCAL).request("GET", side.url(path), most=4096, cut=True)
            assert (answer.status, len(answer.body)) == (200, 4096)
        assert (await Outgoing(LOCAL).request("GET", side.url("/fits"), most=4096)).text == "fits"


async def test_a_lost_answer_is_told_from_no_connection() -> None:
    async with running_far_side(lambda _: Reply(cut=True)) as side:
        with pytest.raises(AnswerLost) as caught:
            await Outgoing(LOCAL).request("POST", side.url("/?secret=s3cret"), content=b"{}")
        assert caught.value.perhaps_done
        assert "s3cret" not in str(caught.value)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable) as nobody:
            await Outgoing(LOCAL).request("GET", f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert not nobody.value.perhaps_done
    with pytest.raises(Unreachable):
        await Outgoing(LOCAL).request("GET", "https://no-such-name.invalid/")


async def test_certificates_are_verified_for_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]

    make_certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / SERVER)
    async with running_far_side(lambda _: Reply(), tls) as side:
        trusting = Outgoing(LOCAL, tmp_path / CA)
        with pytest.raises(CertificateRefused):  # an authority that nobody trusts
            await Outgoing(LOCAL).request("GET", side.url("/", "localhost"))
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup, raising=False)
        with pytest.raises(CertificateRefused, match=r"far\.example"):  # another name than the certificate's
            await trusting.request("GET", side.url("/", "far.example"))
        monkeypatch.undo()
        assert (await trusting.request("GET", side.url("/", "localhost"))).status == 200
        assert (await trusting.request("GET", side.url("/", "127.0.0.1"))).status == 200
        assert len(side.received) == 2


async def test_a_port_without_tls_is_told_from_a_bad_certificate() -> None:
    over = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example at your service\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()
        over.set()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TlsFailed) as none:
            await Outgoing(LOCAL).request("GET", f"https://127.0.0.1:{port}/")
        assert not none.value.perhaps_done
        await over.wait()


def test_every_failure_has_words_in_both_languages() -> None:
    for kind in (*OutgoingFailed.__subclasses__(), OutgoingFailed):
        error = kind(host="far.example")
        assert error.message("zh") != error.message("en")
