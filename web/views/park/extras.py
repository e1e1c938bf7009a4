"""What the page of one kind of matter shows besides what every matter has: filled in by the routes of the kind."""

from collections.abc import Awaitable, Callable
from typing import Any

from doors.dependencies import Services
from models.matters.base import MatterKind
from web.reader import Reader

#: By kind: reads what its template in `park/kinds/` needs, for the matter of that code.
EXTRAS: dict[MatterKind, Callable[[Services, Reader, str], Awaitable[dict[str, Any]]]] = {}
#: By kind and command: completes the body that a form gave, knowing the details that the form began with.
BODIES: dict[tuple[MatterKind, str], Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]] = {}
