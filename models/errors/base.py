"""The base of domain errors, and their form in transit.

An error crosses Temporal and HTTP as `(code, pointer, params)` and is rebuilt on the other side by `refusal`; code
never parses message text.
"""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from models.base import Kept


class Refusal(Kept):
    """A domain error in transit: its code, the input it points at (RFC 6901), and its parameters."""

    code: str
    pointer: str | None = None
    params: dict[str, str] = Field(default_factory=dict)


class DomainError(Exception):
    """A refusal with its reason. Nothing was stored."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    zh: ClassVar[str]
    en: ClassVar[str]

    _by_code: ClassVar[dict[str, type["DomainError"]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.code in DomainError._by_code:
            raise TypeError(f"two domain errors share the code {cls.code}")
        DomainError._by_code[cls.code] = cls

    def __init__(self, *, pointer: str | None = None, **params: object) -> None:
        self.pointer = pointer
        self.params = {name: str(value) for name, value in params.items()}
        super().__init__()

    def __str__(self) -> str:
        """The English text, built only when read: most errors only mean that a command is not allowed now."""
        return self.message("en")

    def message(self, language: str) -> str:
        """The text for people, in `zh` or `en`."""
        template = self.en if language.startswith("en") else self.zh
        return template.format_map(_MissingAsQuestionMark(self.params))

    def as_refusal(self) -> Refusal:
        """The error as a value that can be sent."""
        return Refusal(code=self.code, pointer=self.pointer, params=self.params)


class _MissingAsQuestionMark(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def refusal(value: Refusal) -> DomainError:
    """The error that `value` describes; an unknown code (of a newer peer) becomes `UnknownRefusal`."""
    kind = DomainError._by_code.get(value.code)
    if kind is None:
        return UnknownRefusal(code=value.code)
    return kind(pointer=value.pointer, **value.params)


def known_errors() -> Mapping[str, type[DomainError]]:
    """Every domain error by its code, for the documentation and the tests."""
    return dict(DomainError._by_code)


class UnknownRefusal(DomainError):
    code = "unknown_refusal"
    zh = "请求被拒绝({code})。"
    en = "The request was refused ({code})."
