"""Errors are logged with a traceback but without local variables: a reporter's data may be among them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

PHONE = "13987654321"
#: A process that logs an error with a phone number in a local variable.
PROGRAM = """
import sys
from typing import Annotated
import structlog
from pydantic import Field, TypeAdapter, ValidationError
from services.reports.reporter_input import ReporterInput
from infra.logging import set_up_logging
from infra.settings import Settings

def call(phone):
    raise RuntimeError("something broke")

def refuse(phone, kind):
    TypeAdapter(kind).validate_python(phone)

set_up_logging(Settings(database_url="postgresql://x", token_secret="0" * 64, log_json=sys.argv[1] == "json"))
try:
    call("".join(["1398", "7654", "321"]))
except RuntimeError as error:
    structlog.get_logger("test").error("unexpected error", exc_info=error)
kinds = (ReporterInput, Annotated[str, Field(max_length=3)] if sys.argv[1] == "json" else ReporterInput)
for kind in kinds:
    try:
        phone = "".join(["1398", "7654", "321"])
        refuse({"name": phone * 20, "mail": phone} if kind is ReporterInput else phone, kind)
    except ValidationError as error:
        structlog.get_logger("test").error("refused", exc_info=error)
"""


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_is_logged_without_values(style: str) -> None:
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, style],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "something broke" in run.stderr
    assert "in call" in run.stderr or '"call"' in run.stderr
    assert run.stderr.count("refused") == 2
    assert "ValidationError" in run.stderr
    assert PHONE not in run.stderr


async def test_a_database_error_does_not_quote_what_was_to_be_stored(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as error:
            await connection.execute(
                text(
                    "INSERT INTO reporters (id, name, phone, anonymous, created_at) VALUES (:id, :p, :p, true, now())"
                ),
                {"id": "00000000-0000-0000-0000-000000000000", "p": PHONE + "\x00"},
            )
    assert "reporters" in str(error.value)
    assert PHONE not in str(error.value)
