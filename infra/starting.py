"""What a process checks before it begins: settings that can be read, and a database that is reached directly.

Each fault is told in one sentence, and the process ends with it: starting again would not mend it.
"""

import sys
from typing import NoReturn

import psycopg
import structlog
from pydantic import ValidationError

from infra.database_url import connect_parameters
from infra.pooler import TransactionPooler, refuse_transaction_pooler
from infra.settings import Settings, settings
from infra.settings_faults import EN, setting_faults

log = structlog.get_logger(__name__)

#: The exit status of a process that is set up wrong (`EX_CONFIG` of sysexits.h).
EXIT_CONFIG = 78


def settings_or_exit() -> Settings:
    """Return the settings of this process; with a fault, say each on a line of standard error and exit."""
    try:
        return settings()
    except ValidationError as error:
        _exit(*setting_faults(error, EN))


async def check_database(config: Settings) -> None:
    """Exit where a pooler lends out connections for one transaction, or the file of the password can't be read.

    A database that is away says nothing here: it is awaited later, and each new connection is checked too.
    """
    try:
        await refuse_transaction_pooler(
            connect_parameters(config.database_url.get_secret_value(), config.database_password_file)
        )
    except TransactionPooler as error:
        _exit(str(error))
    except psycopg.Error:
        return
    except (OSError, ValueError) as error:
        _exit(f"GRIDLOOP_DATABASE_PASSWORD_FILE: {error}")


def _exit(*sentences: str) -> NoReturn:
    for sentence in sentences:
        print(f"gridloop: {sentence}", file=sys.stderr)  # noqa: T201 (before there are logs)
    sys.exit(EXIT_CONFIG)
