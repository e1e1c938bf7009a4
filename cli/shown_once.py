"""Secrets that are shown once, keys and tokens: how a new one is printed, and when one was used and revoked."""

from collections.abc import Mapping
from typing import Any

from cli.formatting import format_local
from cli.output import out


def print_once(label: str, secret: str) -> None:
    """Print a new secret on one line, to be copied."""
    out.print(f"{label}{secret}", soft_wrap=True)


def used_and_revoked(given: Mapping[str, Any]) -> tuple[str, str]:
    """When it was last used and when it was revoked, in local time; empty: never."""
    used, revoked = (format_local(given[name]) if given[name] else "" for name in ("last_used_at", "revoked_at"))
    return used, revoked
