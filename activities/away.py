"""A store that is away, as the error of an activity: to retry, and short, because it goes into the history."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from infra.database import is_away
from infra.objects import ObjectsAway


@contextmanager
def retried_while_away() -> Iterator[None]:
    """Raise an ApplicationError in place of the errors of a database or an archive that can't be reached."""
    try:
        yield
    except ObjectsAway as error:
        raise ApplicationError(f"the archive is away: {error}", type="ArchiveAway") from None
    except Exception as error:
        if not is_away(error):
            raise
        raise ApplicationError(
            "the database is away", type="DatabaseAway", category=ApplicationErrorCategory.BENIGN
        ) from None
