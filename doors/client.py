"""Who sends a request, and under which name of ours: the client's address, the Host header, the address for links.

The address and the scheme of a request are those of the connection, or, where a trusted proxy sent it, those that the
proxy tells (`api.server`). Everything that counts by address or asks for https uses the functions here.
"""

from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import Scope

from infra.settings import Settings
from infra.web_address import LOOPBACK_NAMES
from models.errors import UnknownHost

#: One customer of a provider gets at least so many bits of an IPv6 network (RFC 6177): they count as one client.
_IPV6_PREFIX = 64


def client_address(request: Request) -> str:
    """Return the address by which limits count the client; empty where the connection has none.

    An IPv6 address is cut to its network of 64 bits; an IPv4 address written as IPv6 counts as IPv4.
    """
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:80]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address)


def is_local(request: Request) -> bool:
    """Whether the request comes from this machine itself, and not through a proxy on it."""
    host = request.client.host if request.client else ""
    forwarded = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via"))
    try:
        return ip_address(host).is_loopback and not forwarded
    except ValueError:
        return False


def is_https(request: Request) -> bool:
    """Whether the browser came by https, to us or to the trusted proxy; else whether our public address is https."""
    return request_is_https(request.scope)


def request_is_https(scope: Scope) -> bool:
    """`is_https` for the scope of a request."""
    settings: Settings = scope["app"].state.services.settings
    return scope.get("scheme") == "https" or (settings.public_url or "").startswith("https:")


def public_address(request: Request, path: str) -> str:
    """Return the whole address of a page for links and QR codes: under the public URL where one is set."""
    settings: Settings = request.app.state.services.settings
    return (settings.public_url or str(request.base_url).rstrip("/")) + path


def check_host(scope: Scope, settings: Settings) -> None:
    """Raise UnknownHost for a request whose Host header names none of our addresses.

    Ours are the host of the public URL, the allowed hosts, the names of the machine itself, and the address that the
    connection was made to. Without a header, which only HTTP/1.0 allows, there is nothing to be misled by.
    """
    named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    if not named:
        return
    host = _host_name(named[0])
    if len(named) > 1 or host is None or not _is_ours(host, scope, settings):
        raise UnknownHost(host=named[0][:80])


def _host_name(header: str) -> str | None:
    """Return the name in a Host header in lower case, without port; None for anything else than name and port."""
    if not header.isascii() or any(sign in header for sign in "/?#@\\ \t"):
        return None
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return None
    return (parts.hostname or "").rstrip(".") or None


def _is_ours(host: str, scope: Scope, settings: Settings) -> bool:
    if host in LOOPBACK_NAMES or host in settings.allowed_hosts:
        return True
    if settings.public_url is not None and host == urlsplit(settings.public_url).hostname:
        return True
    server = scope.get("server")
    return server is not None and host == str(server[0]).lower()
