"""One case told command by command over HTTP, for the tests that play every command."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.harness import ApiHarness
from tests.builders import COMMUNITY, LABOUR, PARK, person_id

COMMUNITY_DESK, PARK_DESK = f"unit:{COMMUNITY}", f"unit:{PARK}"


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def person(username: str) -> str:
    """How an owner shows that is a person."""
    return f"person:{person_id(username)}"


class Story:
    """One case, told command by command."""

    def __init__(self, harness: ApiHarness, view: Any) -> None:
        self.harness = harness
        self.no: str = view["case_no"]
        self.view = view

    @classmethod
    async def begins(cls, harness: ApiHarness, by: str = "worker", **fields: Any) -> "Story":
        return cls(harness, await harness.report(by, **fields))

    @classmethod
    async def at_handling(cls, harness: ApiHarness, by: str = "worker", host: str = LABOUR, **fields: Any) -> "Story":
        """A case in the hands of a department."""
        story = await cls.begins(harness, by, **fields)
        await story.does("duty", "accept", stage="dispatch")
        await story.does("duty", "dispatch", host=host, stage="handle", owner=f"department:{host}")
        return story

    async def does(
        self, username: str, name: str, *, facts: list[str] | None = None, stage: str | None = None,
        owner: str | None = None, tasks: set[str] | None = None, **body: Any,
    ) -> Any:  # fmt: skip
        """Gives a command that is taken, and looks at what that leaves; what is not named has not changed."""
        before = self.view
        assert name in (await self.look(username))["allowed_commands"], name
        self.view = await self.harness.do(username, self.no, name, **body)
        assert self.stage == (stage or before["stage"]), name
        assert self.owner == (owner or _owner(before)), name
        if facts is not None:
            assert await self.harness.kinds(self.no, after=before["revision"]) == facts, name
        if tasks is not None:
            assert self.tasks == tasks, name
        return self.view

    async def is_refused(self, username: str, name: str, **body: Any) -> tuple[int, str, str | None]:
        """Gives a command that is refused, with a reason in either language; what it answers: status, code, and the
        field that is at fault. Nothing is stored."""
        before = await self.harness.stored()
        found = []
        for language in ("zh", "en"):
            wants = {"Accept-Language": language}
            answer = await self.harness.command(username, self.no, name, wants, **body)
            problem = answer.json()
            assert answer.headers["content-type"] == "application/problem+json", answer.text
            fault = (problem.get("errors") or [{"pointer": None, "message": problem["detail"]}])[0]
            assert any("一" <= sign <= "鿿" for sign in fault["message"]) == (language == "zh"), fault
            found.append((answer.status_code, problem["code"], fault["pointer"]))
        assert found[0] == found[1]
        assert await self.harness.stored() == before
        return found[0]

    async def cannot(self, username: str, name: str, **body: Any) -> tuple[int, str]:
        """Gives a command that is refused; nothing has changed after it."""
        refused = await self.harness.refused(username, self.no, name, **body)
        seen = await self.look()
        assert seen["revision"] == self.view["revision"]
        return refused

    async def look(self, username: str = "admin") -> Any:
        return await self.harness.get(username, f"/cases/{self.no}")

    async def kinds(self) -> list[str]:
        return await self.harness.kinds(self.no)

    @property
    def stage(self) -> str:
        return str(self.view["stage"])

    @property
    def owner(self) -> str | None:
        return _owner(self.view)

    @property
    def tasks(self) -> set[str]:
        """The open tasks: what, and whose."""
        return {f"{t['kind']} {t['assignee']['kind']}:{t['assignee']['id']}" for t in self.view["tasks"]}


def _owner(view: Any) -> str | None:
    return f"{view['owner']['kind']}:{view['owner']['id']}" if view["owner"] else None


async def closed(story: Story, by: str = "labour_handler") -> None:
    """From handling to closure."""
    await story.does(by, "complete", result="已处理", stage="review", owner=PARK_DESK)
    story.view = await story.harness.do("reviewer", story.no, "pass_review")
    assert (story.stage, story.owner) == ("closed", None)
