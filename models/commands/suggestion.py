"""The suggestion under which a command was chosen."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from models.base import is_none

#: The `id` of the suggestions that were shown when the command was chosen, so that it is counted whether they were
#: right. The case never gets it.
SuggestionId = Annotated[UUID | None, Field(exclude_if=is_none)]
