"""Spans by OpenTelemetry, sent by OTLP over HTTP. Imported only when an endpoint is set (`infra.tracing`).

Spans tell nothing of people: only the attributes named here are sent, and neither events nor the texts of errors.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from sqlalchemy import event
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.contrib.opentelemetry import TracingInterceptor

from infra.tracing import RequestSpan

#: The attributes that are sent. The ids of workflows are those of cases and matters, which name nobody.
_TOLD = frozenset({
    "http.request.method", "http.route", "http.response.status_code", "db.system.name", "db.operation.name",
    "db.collection.name", "temporalWorkflowID", "temporalRunID", "temporalActivityID", "temporalUpdateID",
})  # fmt: skip
#: From this status on a request has failed for a reason of ours.
_FAILED = 500
#: What a statement does, and to which table first. Its text is not told.
_VERB = re.compile(r"\s*(?:--[^\n]*\n\s*)*(\w+)")
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+([a-z_]+)", re.IGNORECASE)
_SPAN = "gridloop_span"
#: Seconds that the receiver may take, also when the process stops.
_SECONDS = 5


class Tracing:
    """The spans of one process."""

    def __init__(self, endpoint: str, service: str) -> None:
        exporter = _Discreet(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=_SECONDS))
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("gridloop")
        self.interceptor = TracingInterceptor(self._tracer)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    @contextmanager
    def request(self) -> Iterator[RequestSpan]:
        """The span of a request. It begins a trace: what a caller says of one is not believed."""
        with self._tracer.start_as_current_span("HTTP", kind=SpanKind.SERVER, record_exception=False) as span:
            yield _Request(span)

    @contextmanager
    def statement(self, statement: str) -> Iterator[None]:
        """The span of a statement."""
        span = self._start_statement(statement)
        try:
            yield
        except BaseException:
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            span.end()

    def _start_statement(self, statement: str) -> Span:
        verb, table = _VERB.match(statement), _TABLE.search(statement)
        attributes = {"db.system.name": "postgresql"}
        if verb is not None:
            attributes["db.operation.name"] = verb[1].upper()
        if table is not None:
            attributes["db.collection.name"] = table[1]
        name = " ".join(list(attributes.values())[1:]) or "SQL"
        return self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes)

    def watch(self, engine: AsyncEngine) -> None:
        """Make a span of each statement, below the span in which it is executed."""

        @event.listens_for(engine.sync_engine, "before_cursor_execute")
        def begin(
            _connection: Connection, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool
        ) -> None:
            span = self._start_statement(statement)
            if context is not None:
                setattr(context, _SPAN, span)

        @event.listens_for(engine.sync_engine, "after_cursor_execute")
        def end(
            _connection: Connection, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool
        ) -> None:
            if (span := getattr(context, _SPAN, None)) is not None:
                span.end()

        @event.listens_for(engine.sync_engine, "handle_error")
        def fail(error: ExceptionContext) -> None:
            if (span := getattr(error.execution_context, _SPAN, None)) is not None:
                span.set_status(Status(StatusCode.ERROR))
                span.end()


class _Request(RequestSpan):
    def __init__(self, span: Span) -> None:
        self._span = span

    def end(self, method: str, route: str, status: int) -> None:
        self._span.update_name(f"{method} {route}")
        self._span.set_attributes(
            {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        )
        if status >= _FAILED:
            self._span.set_status(Status(StatusCode.ERROR))


class _Discreet(SpanExporter):
    """Passes spans on without anything that could tell of people."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_bare(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _bare(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in _TOLD},
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
