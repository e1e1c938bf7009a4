"""Traces: off until `start_tracing` is called with an endpoint in the settings; then spans are sent there.

While they are off, nothing of OpenTelemetry is imported, and each place below costs one look at a variable.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Interceptor

from infra.settings import Settings

if TYPE_CHECKING:
    from infra.open_telemetry import Tracing

_tracing: "Tracing | None" = None


def start_tracing(settings: Settings, service: str) -> None:
    """Send the spans of this process to the endpoint in the settings, as the service of that name.

    Without an endpoint nothing happens. Call it before engines and clients are opened.
    """
    global _tracing
    if settings.otlp_endpoint is None:
        return
    from infra.open_telemetry import Tracing

    _tracing = Tracing(settings.otlp_endpoint, service)


def stop_tracing() -> None:
    """Send what is left, and stop."""
    global _tracing
    if _tracing is not None:
        _tracing.close()
        _tracing = None


class RequestSpan:
    """The span of a request: it is named when the route is known."""

    def end(self, method: str, route: str, status: int) -> None:
        """Name the span, by the template of the route: raw paths have numbers of cases."""


_NO_REQUEST = nullcontext(RequestSpan())
_NOTHING = nullcontext()


def request_span() -> AbstractContextManager[RequestSpan]:
    """Return the span of the request that the block answers."""
    return _NO_REQUEST if _tracing is None else _tracing.request()


def statement_span(statement: str) -> AbstractContextManager[None]:
    """Return the span of a statement that the block sends past SQLAlchemy."""
    return _NOTHING if _tracing is None else _tracing.statement(statement)


def temporal_interceptors() -> Sequence[Interceptor]:
    """Return what carries spans through Temporal, from a client to workflows and activities."""
    return () if _tracing is None else (_tracing.interceptor,)


def trace_statements(engine: AsyncEngine) -> None:
    """Make a span of every statement that SQLAlchemy sends for the engine."""
    if _tracing is not None:
        _tracing.watch(engine)
