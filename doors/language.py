"""The caller's language as a dependency: `zh` unless they ask for English."""

from typing import Annotated

from fastapi import Depends, Request

from doors.problems import language_of


async def _language(request: Request) -> str:
    return language_of(request)


Language = Annotated[str, Depends(_language)]
