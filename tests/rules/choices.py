"""What somebody might do: a command among those that fit, with a body that mostly fits and sometimes does not."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.base import STORED
from models.commands import HUMAN_COMMAND_MODELS
from tests.builders import GRID, MICRO, MICRO_2, OTHER_MICRO
from tests.rules.lives import PHOTO

#: Credit codes on the register.
ENTERPRISES = ("91350100M000100Y43", "91110000600037341L")
#: How likely a command is where it fits; those not named move a case on.
_LIKELY = (
    dict.fromkeys((
        "comment", "attach", "acknowledge", "relocate", "link_enterprise", "recategorise", "split", "escalate", "urge",
        "convene", "adopt", "retract", "cancel_urge", "refuse_void", "request_info", "request_verification",
        "redispatch", "recall",
        "send_back", "add_co_handler", "release_co_handler", "assign_reviewer", "merge", "request_reopen",
        "recuse", "lift_recusal",
    ), 3)
    | dict.fromkeys(("reject", "withdraw", "void"), 1)
    | {"answer_questions": 2}
    | dict.fromkeys(("grant_suspension", "grant_extension", "appeal", "decide_appeal", "complete"), 60)
)  # fmt: skip


@dataclass(frozen=True)
class About:
    """What whoever commands can see of the case and of the others."""

    numbers: tuple[str, ...]
    due_at: datetime | None = None
    absorbed: tuple[str, ...] = ()
    co_handlers: tuple[str, ...] = ()


def chosen(kinds: Sequence[str], luck: random.Random) -> str:
    """One of the commands; the ones that move a case on are the likelier."""
    return luck.choices(kinds, [_LIKELY.get(kind, 20) for kind in kinds])[0]


def a_command(kind: str, luck: random.Random, now: datetime, about: About) -> Any:
    """A command of that kind."""

    def mostly(good: Any, *bad: Any) -> Any:
        return good if luck.random() < 0.85 else luck.choice(bad)

    wide = timedelta(days=luck.choice([4, 20]))
    later = now + mostly(wide, timedelta(hours=-1), timedelta(hours=5), timedelta(days=400))
    department = luck.choice(["fire", "labour", "environment"])
    choices: dict[str, Any] = {
        "note": "记录", "reason": "原因如下所述", "question": "何时", "result": "已处理",
        "right_channel": "仲裁",
        "answer": "已处理,感谢监督", "until": later, "reply_by": later, "meet_at": later, "answer_by": later,
        "report_by": now + timedelta(hours=4), "confirmed": True, "person": "reviewer",
        "host": mostly(department, "nobody"), "departments": [mostly(department, "nobody")],
        "department": department,
        "co_handlers": mostly(luck.choice([[], ["labour"], ["labour", "environment"]]), ["fire"]),
        "evidence": mostly([PHOTO], []), "attachments": [PHOTO],
        "category": mostly(luck.choice(["0103", "0301"]), "0201", "9999"),
        "grid": luck.choice([MICRO, MICRO_2, GRID, OTHER_MICRO]),
        "into": luck.choice([*about.numbers, "nothing"]),
        "case_no": mostly(None, *about.numbers),
        "parts": [{"category": mostly("0201", "9999"), "title": "另一件事"}],
        "version": mostly(2, 1), "condition": mostly(None, "small", "nothing"),
        "enterprise": mostly(luck.choice(ENTERPRISES), None, "91130100MA09999990"),
        "score": 4, "upheld": luck.random() < 0.5, "mode": luck.choice(["act", "inform"]),
        "to_level": mostly(None, 1, 3), "purpose": "safety",
        "answers": mostly({"smell": ("sour",)}, {"smell": ("fire",)}, {"none": ("1",)}), "not_known": [],
    }  # fmt: skip
    if kind == "request_extension" and about.due_at is not None:
        choices["until"] = mostly(about.due_at + timedelta(hours=luck.choice([2, 20])), later)
    if kind == "release_co_handler" and about.co_handlers:
        choices["department"] = luck.choice(about.co_handlers)
    if kind == "unmerge" and about.absorbed:
        choices["case_no"] = mostly(about.absorbed[0], None)
    model = HUMAN_COMMAND_MODELS[kind]
    if kind == "link_enterprise":
        return model.model_validate({"enterprise": choices["enterprise"]}, context=STORED)
    body = {name: choices[name] for name in model.model_fields if name in choices}
    return model.model_validate(_fitted(kind, body, choices, luck))


def _fitted(kind: str, body: dict[str, Any], choices: dict[str, Any], luck: random.Random) -> dict[str, Any]:
    """The body without what this kind of command would be refused for most of the time."""
    if kind == "transfer":
        body |= luck.choice([{"to_person": "fire_handler_2"}, {"to_department": choices["department"]}])
    if kind in ("grant_extension", "grant_suspension"):
        body.pop("until")
    if kind in ("fail_review", "decide_appeal"):
        body.pop("departments", None)
        body.pop("department", None)
    if kind == "add_co_handler":
        body["departments"] = [choices["department"]]
    if kind in ("recategorise", "supply_info"):
        body.pop("answers")
    return body
