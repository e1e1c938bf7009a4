"""Settings of the web address: proxies that are trusted, the address for links, the names that requests may be for."""

import re
from ipaddress import ip_network
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from infra.settings_faults import setting_fault

#: A host name or an IP address (IPv6 without brackets), as in a Host header without its port.
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+:[0-9a-f:.]*")
#: Names of the machine itself. A name of another site that resolves to it is not among them.
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def _split(value: Any) -> Any:
    return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value


def _check_networks(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the addresses and networks in their usual form. Raises ValueError."""
    return tuple(str(ip_network(value)) for value in values)


def _check_hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    hosts = tuple(value.lower().strip("[]") for value in values)
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise ValueError(f"{host!r} is no host name: give names without scheme and port")
    return hosts


def _check_targets(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return networks in their usual form and host names as they are. Raises ValueError for anything else."""
    return tuple(found for value in values for found in _networks_or_host(value))


def _networks_or_host(value: str) -> tuple[str, ...]:
    try:
        return _check_networks((value,))
    except ValueError:
        return _check_hosts((value,))


def _check_public_url(value: str) -> str:
    """Return the origin without a slash at its end. Raises ValueError."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    beyond = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or beyond:
        raise setting_fault(
            "公开地址须写成 https://grid.example.gov.cn 这样,以 https:// 或 http:// 开头,不带路径",
            "the public URL is an origin like https://grid.example.gov.cn, with its scheme and without a path",
        )
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


#: Addresses and networks, separated by commas.
Networks = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_check_networks)]
#: Host names, separated by commas.
Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_check_hosts)]
#: Addresses, networks and host names, separated by commas.
Targets = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_check_targets)]
#: The origin at which people reach the pages.
PublicUrl = Annotated[str, AfterValidator(_check_public_url)]
