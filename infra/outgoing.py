"""Requests to other systems: one guard for all of them.

An address is given by people, so it may lead anywhere. Its name is resolved once, every address behind it is checked,
and the connection goes to a checked one: a name that changes its mind in between reaches nothing else. Redirects are
not followed, proxies of the environment are not used, certificates are verified, and the whole exchange has one time
limit, however slowly the bytes come.
"""

import asyncio
import json
import re
import socket
import ssl
import zlib
from codecs import getincrementaldecoder
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import httpx

from infra.settings import Settings
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

#: Seconds for a whole exchange, and for one connection within it (our choice).
TOTAL_SECONDS, CONNECT_SECONDS = 15.0, 5.0
#: Bytes of an answer that are taken (our choice).
ANSWER_BYTES = 256 * 1024
#: How many addresses of one name are tried.
MOST_ADDRESSES = 4
#: IPv6 networks whose addresses carry an IPv4 address that the packet may reach in the end (RFC 6052, RFC 4291).
_CARRIERS = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"), ip_network("::/96"))

#: A host name in the form of the DNS, or an address.
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?|[0-9A-Fa-f:.]+")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Answer:
    """What the far side answered. `body` is at most as long as was asked for."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def text(self) -> str:
        """The body as text: UTF-8, else GB 18030, which gateways use without naming it; bytes that are neither are
        replaced. A character that was cut off at the end is left out.
        """
        for encoding in ("utf-8", "gb18030"):
            with suppress(UnicodeError):
                return getincrementaldecoder(encoding)().decode(self.body)
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.text.removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            return None

    def retry_after(self, now: datetime) -> float | None:
        """The seconds that the far side asks us to wait (`retry_after`)."""
        return retry_after(self.headers, now)


def retry_after(headers: httpx.Headers, now: datetime) -> float | None:
    """Return the seconds of a `Retry-After` header (RFC 9110: seconds, or a moment); None without a good one."""
    written = headers.get("retry-after", "").strip()
    if written.isascii() and written.isdecimal():
        return float(written[:9])
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, OverflowError):  # a far side may write anything
        return None
    return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds())


class Outgoing:
    """The guard, bound to the private networks and hosts that the operator allows, and to the trusted authorities."""

    def __init__(self, private: Sequence[str] = (), ca_file: Path | None = None) -> None:
        networks = [one for one in private if _is_network(one)]
        self._networks = tuple(ip_network(one) for one in networks)
        self._hosts = frozenset(private) - frozenset(networks)
        self.tls = _trusting(ca_file)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        total: float = TOTAL_SECONDS,
        most: int = ANSWER_BYTES,
        cut: bool = False,
    ) -> Answer:
        """Send one request and return the answer, whatever its status, but for redirects.

        `cut`: of a longer body the beginning is returned, where only the status matters.

        Raises AddressRefused, Unreachable, CertificateRefused, TlsFailed (of these four nothing was sent),
        RedirectRefused, TooSlow (not complete after `total` seconds), AnswerTooLarge (more than `most` bytes)
        and AnswerLost. Their `perhaps_done` says whether the far side may have done what was asked.
        """
        asked = _Asked(method, checked_url(url), dict(headers or {}), content, most, cut=cut)
        try:
            async with asyncio.timeout(total):
                return await self._exchange(asked)
        except TimeoutError:
            raise (TooSlow if asked.begun else Unreachable)(host=asked.host, seconds=f"{total:g}") from None

    async def _exchange(self, asked: "_Asked") -> Answer:
        """Try the addresses of the name one after the other until one takes the request."""
        port = asked.url.port or (443 if asked.url.scheme == "https" else 80)
        failure = Unreachable(host=asked.host)
        for address in await self.addresses(asked.name, port):
            try:
                return await self._exchange_with(address, asked)
            except Unreachable as error:
                failure = error
        raise failure

    async def _exchange_with(self, address: Address, asked: "_Asked") -> Answer:
        # The Host header and the name of the certificate are those of the name; the connection goes to the address.
        own = {"accept-encoding": "identity", "host": asked.url.netloc.decode("ascii"), "connection": "close"}
        limits = httpx.Limits(max_keepalive_connections=0)
        transport = httpx.AsyncHTTPTransport(verify=self.tls, trust_env=False, limits=limits)
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
        request = httpx.Request(
            asked.method,
            asked.url.copy_with(host=str(address)),
            headers={**own, **asked.headers},
            content=asked.content,
            extensions={"sni_hostname": asked.name.rstrip("."), "trace": asked.note, "timeout": timeout.as_dict()},
        )
        async with transport:
            try:
                response = await transport.handle_async_request(request)
                try:
                    if 300 <= response.status_code < 400:
                        raise RedirectRefused(host=asked.host, http_status=response.status_code)
                    return Answer(response.status_code, response.headers, await _read(response, asked))
                finally:
                    await response.aclose()
            except httpx.TransportError as error:
                raise _told(error, asked) from None

    async def addresses(self, host: str, port: int) -> tuple[Address, ...]:
        """Resolve a name once and return its addresses, all of them checked.

        Raises Unreachable for a name that nobody knows, AddressRefused when one of its addresses is not allowed.
        """
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unreachable(host=host) from None
        addresses = tuple(dict.fromkeys(ip_address(one[4][0]) for one in found))
        named = host.rstrip(".").lower() in self._hosts
        for address in addresses:
            self._check(address, host, named=named)
        return addresses[:MOST_ADDRESSES]

    def _check(self, address: Address, host: str, *, named: bool) -> None:
        """Raise AddressRefused for an address that is not allowed; `named`: its host name is."""
        for one in _all_of(address):
            if one.is_unspecified or one.is_multicast or str(one) == "255.255.255.255":
                raise _refused(host, "该地址不能接收请求", "it can't receive requests")
        if named or any(address.version == net.version and address in net for net in self._networks):
            return
        for one in _all_of(address):
            allowed = any(one.version == net.version and one in net for net in self._networks)
            if not allowed and (not one.is_global or one.is_reserved or _is_site_local(one)):
                raise _refused(
                    host,
                    "该地址在内部网络中,管理员未允许(GRIDLOOP_OUTGOING_PRIVATE)",
                    "it is inside a private network that the operator has not allowed (GRIDLOOP_OUTGOING_PRIVATE)",
                )


@lru_cache(maxsize=4)
def _guard(private: tuple[str, ...], ca_file: Path | None) -> Outgoing:
    return Outgoing(private, ca_file)


def outgoing_of(settings: Settings) -> Outgoing:
    """Return the guard of the settings, the same one for the same settings."""
    return _guard(settings.outgoing_private, settings.outgoing_ca_file)


def checked_url(url: str) -> httpx.URL:
    """Return an address that people gave, parsed. Raises AddressRefused for one that is never sent to."""
    try:
        target = httpx.URL(url.strip())
        host = target.raw_host.decode("ascii")
        port = target.port
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
        raise _refused("?", "地址有误", "it is no valid address") from None
    if target.scheme not in ("http", "https"):
        raise _refused(host or "?", "须以 https:// 或 http:// 开头", "it must begin with https:// or http://")
    if not _HOST.fullmatch(host) or (port is not None and not 0 < port < 65536):
        raise _refused("?", "主机名或端口有误", "its host name or port is none")
    if target.userinfo:
        raise _refused(host, "地址中不得含用户名或密码", "it must not hold a user name or a password")
    return target.copy_with(fragment=None)


class _Asked:
    """A request, and whether anything of it was sent."""

    def __init__(
        self, method: str, url: httpx.URL, headers: dict[str, str], content: bytes | None, most: int, *, cut: bool
    ) -> None:
        self.method, self.url, self.headers, self.content = method, url, headers, content
        self.most, self.cut = most, cut
        self.host = url.host
        self.name = url.raw_host.decode("ascii")
        self.begun = False

    async def note(self, event: str, info: dict[str, Any]) -> None:
        """Hear of an event of the connection (the names are those of httpcore)."""
        if event.startswith("http11.send_request_headers"):
            self.begun = True


async def _read(response: httpx.Response, asked: _Asked) -> bytes:
    """Return the body, unpacked. Raises AnswerTooLarge as soon as it is larger than what was asked for."""
    unpack = None
    if response.headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip", "deflate"):
        unpack = zlib.decompressobj(32 + zlib.MAX_WBITS)
    body = bytearray()
    async for chunk in response.aiter_raw():
        try:
            body += chunk if unpack is None else unpack.decompress(chunk, asked.most + 1)
        except zlib.error:
            raise AnswerLost(host=asked.host) from None
        if len(body) > asked.most and asked.cut:
            return bytes(body[: asked.most])
        if len(body) > asked.most:
            raise AnswerTooLarge(host=asked.host, limit=asked.most)
    return bytes(body)


def _told(error: httpx.TransportError, asked: _Asked) -> OutgoingFailed:
    """Return our error for one of the library, whose text may hold the address with its secrets."""
    fault = None if asked.begun else tls_fault(error, asked.host)
    return fault or (AnswerLost(host=asked.host) if asked.begun else Unreachable(host=asked.host))


def tls_fault(error: BaseException, host: str) -> CertificateRefused | TlsFailed | None:
    """Return what TLS found wrong, when that is behind an error; None when it is something else."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:  # libraries also make circles of causes
        seen.add(id(cause))
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CertificateRefused(host=host, why=(cause.verify_message or cause.reason).rstrip("."))
        if isinstance(cause, ssl.SSLError):
            return TlsFailed(host=host)
        cause = cause.__cause__ or cause.__context__
    return None


def _refused(host: str, why_zh: str, why_en: str) -> AddressRefused:
    return AddressRefused(host=host, why_zh=why_zh, why_en=why_en)


def _all_of(address: Address) -> tuple[Address, ...]:
    """Return the address and every IPv4 address that it stands for."""
    if isinstance(address, IPv4Address):
        return (address,)
    carried: list[Address] = [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
    carried += address.teredo or ()
    if any(address in net for net in _CARRIERS) and int(address) > 1:
        carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return tuple(carried) if address.ipv4_mapped is not None else (address, *carried)


def _is_site_local(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address.is_site_local


def _is_network(value: str) -> bool:
    try:
        ip_network(value)
    except ValueError:
        return False
    return True


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Return what certificates are verified by: the authorities of the system, those that httpx brings, and our own."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
