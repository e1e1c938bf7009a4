"""Open the store of objects that a place names: a folder, or a bucket."""

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from infra.objects.bucket import BucketObjects
from infra.objects.failures import ObjectsRefused
from infra.objects.folder import FolderObjects
from infra.objects.interface import Objects
from infra.settings import S3Settings, Settings

if TYPE_CHECKING:  # these exist for type checkers alone
    from obstore.store import ClientConfig, S3Config

#: Schemes of a bucket; anything else is a folder.
BUCKET_SCHEMES = ("s3://", "s3a://")
#: Where the endpoint stands that is not in our own settings; an address without TLS is allowed when it is named.
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


def is_bucket(place: str) -> bool:
    """Return whether the place is a bucket."""
    return place.startswith(BUCKET_SCHEMES)


def open_objects(settings: Settings, place: str, store: str) -> Objects:
    """Return the store at `place`; nothing is read yet. `store`: what the metrics call it.

    The store is kept for the next call, with its connections. Raises ObjectsRefused for a file of keys or certificates
    that can't be read, and ValueError for a place that is no address.
    """
    return _bucket(place, store, settings.s3) if is_bucket(place) else _folder(place, store)


@lru_cache(maxsize=64)
def _folder(place: str, store: str) -> FolderObjects:
    return FolderObjects(Path(place), store)


@lru_cache(maxsize=16)
def _bucket(place: str, store: str, s3: S3Settings) -> BucketObjects:
    config: S3Config = {"virtual_hosted_style_request": not s3.path_style}
    endpoint = s3.endpoint or next(filter(None, map(os.environ.get, _ENDPOINTS)), "")
    client: ClientConfig = {"allow_http": endpoint.startswith("http://")}
    key_id, key = _secret(s3.access_key_id, s3.access_key_id_file), _secret(s3.secret_access_key, s3.secret_key_file)
    if s3.endpoint is not None:
        config["endpoint"] = s3.endpoint
    if s3.region is not None:
        config["region"] = s3.region
    if key_id is not None:
        config["access_key_id"] = key_id
    if key is not None:
        config["secret_access_key"] = key
    if s3.ca_file is not None:
        client["root_certificate"] = _read(s3.ca_file)
    return BucketObjects(place, store, config, client)


def _secret(value: SecretStr | None, file: Path | None) -> str | None:
    if value is not None:
        return value.get_secret_value()
    return None if file is None else _read(file).decode("utf-8", "replace").strip()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ObjectsRefused(f"the file {file} can't be read: {error.strerror}") from error
