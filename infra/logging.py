"""Structured logs: JSON, or plain lines on a terminal. A reporter's data must never be logged."""

import logging
import re
import sys

import structlog

from infra.settings import Settings

#: Tracebacks without local variables: a reporter's data may be among them.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))

#: What pydantic repeats of a value that it refuses, where the model does not hide it: it may be a reporter's.
_INPUT = re.compile(r"input_value=.*?, input_type=", re.DOTALL)


def _hide_inputs(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Take out of the texts of exceptions what was sent."""
    for one in event.get("exception") or ():
        if isinstance(one, dict) and isinstance(one.get("exc_value"), str):
            one["exc_value"] = _INPUT.sub("input_type=", one["exc_value"])
    return event


def set_up_logging(settings: Settings) -> None:
    """Send the logs of this process and its libraries through structlog to standard error."""
    as_json = not sys.stderr.isatty() if settings.log_json is None else settings.log_json
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    tracebacks: list[structlog.types.Processor] = [_TRACEBACKS, _hide_inputs] if as_json else []
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),  # filtered calls cost nothing
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *tracebacks,
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for noisy in ("httpx", "httpcore", "uvicorn.access", "infra.pools"):  # the last logs as SQLAlchemy does
        logging.getLogger(noisy).setLevel(logging.WARNING)


def quieten_logging() -> None:
    """Let this process log failures of its own alone: for a command whose result says everything else."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
