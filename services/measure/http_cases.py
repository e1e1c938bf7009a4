"""Measure whole cases through the HTTP door: a report and four commands, each by the person who would give it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import httpx

from models.ids import new_id

#: Who sends what after the report: the participant, the command and its body.
STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("duty", "accept", {}),
    ("duty", "dispatch", {"host": "labour"}),
    ("handler", "complete", {"result": "已处理完毕", "answer": "工资已足额支付。"}),
    ("reviewer", "pass_review", {"note": "现场核实"}),
)


async def http_cases_a_second(
    doors: Sequence[httpx.AsyncClient],
    tokens: Mapping[str, str],
    report: dict[str, Any],
    *,
    cases: int,
    concurrency: int,
) -> float:
    """Return how many cases a second go from report to closure over HTTP, `concurrency` at once. Requests go to the
    `doors` in turn.

    `tokens` has one of "worker", "duty", "handler" and "reviewer". Raises httpx.HTTPStatusError when a step is refused.
    """
    room, turn = asyncio.Semaphore(concurrency), cycle(doors)

    async def send(who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await next(turn).post(path, json=body, headers={"Authorization": f"Bearer {tokens[who]}"})
        answer.raise_for_status()
        view: dict[str, Any] = answer.json()
        return view

    async def play() -> None:
        async with room:
            case_no = (await send("worker", "/api/v1/cases", {**report, "report_id": str(new_id())}))["case_no"]
            for who, command, body in STEPS:
                await send(who, f"/api/v1/cases/{case_no}/commands/{command}", body)

    for http in doors:
        await http.get("/healthz")  # the first call loads parts of the client; it is not measured
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(cases):
            group.create_task(play())
    return cases / (time.perf_counter() - begun)
