"""Why a store of objects did not do what it was asked for. Every failure is counted in the metrics."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from infra.files import DISK_FULL
from infra.metrics import OBJECTS_FAILED

#: What servers say when a bucket is not there, and when they have no room left.
_NO_BUCKET = ("NoSuchBucket",)
_NO_ROOM = ("507 Insufficient Storage", "XMinioStorageFull", "QuotaExceeded")


class ObjectsAway(Exception):
    """The store can't be reached, or does not answer in time. The other failures are kinds of this one."""

    reason: ClassVar[str] = "away"


class ObjectsRefused(ObjectsAway):
    """The store is there and refuses: the keys are wrong, or a right is missing."""

    reason: ClassVar[str] = "refused"


class ObjectsMissing(ObjectsAway):
    """The server is there and has no such bucket."""

    reason: ClassVar[str] = "missing"


class ObjectsFull(ObjectsAway):
    """The store has no room left."""

    reason: ClassVar[str] = "full"


@contextmanager
def told(store: str, operation: str) -> Iterator[None]:
    """Turn errors of the file system and of the S3 client into failures, and count them for `store`.

    A FileNotFoundError passes, unless it says that the bucket is missing: that an object is missing is no failure.
    """
    try:
        yield
    except (BaseError, OSError) as error:
        if isinstance(error, FileNotFoundError) and not _says(error, _NO_BUCKET):
            raise
        failure = _failure(error)
        OBJECTS_FAILED.labels(store, operation, failure.reason).inc()
        raise failure from error


def _failure(error: BaseException) -> ObjectsAway:
    told_by = " ".join(str(error).split())[:500]
    if isinstance(error, PermissionDeniedError | UnauthenticatedError | PermissionError):
        return ObjectsRefused(told_by)
    if _says(error, _NO_BUCKET):
        return ObjectsMissing(told_by)
    if (isinstance(error, OSError) and error.errno in DISK_FULL) or _says(error, _NO_ROOM):
        return ObjectsFull(told_by)
    return ObjectsAway(told_by)


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    return any(word in str(error) for word in words)
