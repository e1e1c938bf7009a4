"""A reporter's record as it is stored and sent: encrypted, so that without its key it tells nothing."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=4_000)]


class Sealed(BaseModel):
    """The encrypted record of the reporter `id`. `nonce` and `ciphertext` are in Base64; the key is not among them.

    It travels with the report in the history of the case's workflow. Readers of histories keep what they do not know.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="allow")

    id: UUID
    nonce: _Base64
    ciphertext: _Base64
    version: Annotated[int, Field(ge=1)] = 1
