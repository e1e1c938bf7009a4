"""The kinds of values that settings take, each with what is refused."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from models.base import Code
from models.enums import Role, Source

#: An allowed tile address. No character in it can end a header or add one.
_TILES_URL = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9./?&=_{}~%-]*")
#: A bucket, with or without a path in it.
_BUCKET_URL = re.compile(r"s3a?://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?")


def _check_tiles_url(value: str) -> str:
    """Return `value` when it is a tile address with {z}, {x} and {y}. Raises ValueError."""
    if not _TILES_URL.fullmatch(value) or any(name not in value for name in ("{z}", "{x}", "{y}")):
        raise ValueError("a tile is at an address like https://host/{z}/{x}/{y}.png")
    return value


def _check_issuer(value: str) -> str:
    """Return the address of an identity provider: https, or http on this machine. Raises ValueError."""
    parts = urlsplit(value)
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an issuer is an address without query")
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "::1", "localhost")):
        raise ValueError("an issuer is reached by https")
    return value


def check_place(value: str) -> str:
    """Return the place of a store of objects: a folder, or a bucket. Raises ValueError."""
    if "://" in value and not _BUCKET_URL.fullmatch(value):
        raise ValueError("a place is a folder, or a bucket like s3://bucket/path")
    return value


def _check_endpoint(value: str) -> str:
    """Return the address of a receiver of traces. Raises ValueError."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("traces are sent to an address like http://127.0.0.1:4318")
    return value.rstrip("/")


def _split_names(value: object) -> object:
    """Return the names in a comma-separated text; anything else as it is."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


def _check_queues(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the queues, each once. Raises ValueError for none at all."""
    if not values:
        raise ValueError("a worker serves cases, heavy, or both")
    return tuple(dict.fromkeys(values))


def _split_secrets(value: object) -> object:
    """Return the secrets in a text with commas, spaces or lines between them; anything else as it is."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


Secrets = Annotated[tuple[Annotated[SecretStr, Field(min_length=32)], ...], NoDecode, BeforeValidator(_split_secrets)]
Queues = Annotated[
    tuple[Literal["cases", "heavy"], ...], NoDecode, BeforeValidator(_split_names), AfterValidator(_check_queues)
]
Place = Annotated[str, AfterValidator(check_place)]
RoleNames = Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_split_names)]
SourceNames = Annotated[tuple[Source, ...], NoDecode, BeforeValidator(_split_names)]
Codes = Annotated[tuple[Code, ...], NoDecode, BeforeValidator(_split_names)]
TilesUrl = Annotated[str, AfterValidator(_check_tiles_url)]
Issuer = Annotated[str, AfterValidator(_check_issuer)]
Endpoint = Annotated[str, AfterValidator(_check_endpoint)]
