"""Column types that the tables share."""

from typing import Any

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

#: An instant, stored with its zone (PostgreSQL keeps UTC).
Moment = DateTime(timezone=True)
Json = JSONB(none_as_null=True)


class Ltree(UserDefinedType[str]):
    """PostgreSQL's label path: here the codes of the units from the park down to a unit."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "ltree"
