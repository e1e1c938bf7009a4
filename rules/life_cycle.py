"""The life cycle as a table: which command, in which stage, by whom.

    receive 受理 ──accept──▶ dispatch 派遣 ──dispatch──▶ handle 处置 ──complete──▶ review 核查 ──pass──▶ closed 结案
       │  ▲                     ▲                          │   ▲                     │                    │
       │  └─ info ─┘            └────── return granted ─────┘   └──── review failed ──┘                    │
       ├─ self_close ─────────────────────────────────────────────▶ review                                │
       └─ reject ▶ closed       └◀──────────────────────── reopened (a new round) ────────────────────────┘

The table is all that the workflow's validator needs, so that what a stage can't do at all leaves no trace.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from models.case import Case
from models.enums import Level, Stage
from models.errors import AlreadyArchived, CaseSuspended, DomainError, NotNow, UnknownCommand, WrongStage


class Who(StrEnum):
    """How a person stands to a case. `rules.scope.standing` works it out."""

    REPORTER = "reporter"
    GRID_WORKER = "grid_worker"
    DUTY_OFFICER = "duty_officer"
    OWNER = "owner"
    HOST = "host"
    HOST_HEAD = "host_head"
    CO_HANDLER = "co_handler"
    SUMMONED = "summoned"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    INVOLVED = "involved"
    READER = "reader"
    SYSTEM = "system"


@dataclass(frozen=True)
class CommandRule:
    """Where a command fits and who may give it (any one of `who`)."""

    stages: frozenset[Stage]
    who: tuple[Who, ...]
    while_suspended: bool = False


_OPEN = frozenset(Stage) - {Stage.CLOSED}
_EVER = frozenset(Stage)
_RECEIVE = frozenset({Stage.RECEIVE})
_DISPATCH = frozenset({Stage.DISPATCH})
_HANDLE = frozenset({Stage.HANDLE})
_REVIEW = frozenset({Stage.REVIEW})
_CLOSED = frozenset({Stage.CLOSED})

_DESK = (Who.DUTY_OFFICER, Who.SUPERVISOR)
#: Everybody with a part in the case; not those who only read it.
_INVOLVED = (
    Who.REPORTER, Who.GRID_WORKER, Who.DUTY_OFFICER, Who.OWNER, Who.HOST, Who.HOST_HEAD, Who.CO_HANDLER,
    Who.SUMMONED, Who.REVIEWER, Who.SUPERVISOR, Who.INVOLVED,
)  # fmt: skip

COMMANDS: dict[str, CommandRule] = {
    # any open stage
    "comment": CommandRule(_OPEN, _INVOLVED, while_suspended=True),
    "attach": CommandRule(_OPEN, _INVOLVED, while_suspended=True),
    "acknowledge": CommandRule(_OPEN, (Who.OWNER,), while_suspended=True),
    "escalate": CommandRule(_OPEN, (Who.OWNER, Who.SUPERVISOR), while_suspended=True),
    "urge": CommandRule(_OPEN, (Who.SUPERVISOR,), while_suspended=True),
    "answer_urge": CommandRule(_OPEN, (Who.OWNER, Who.HOST, Who.HOST_HEAD), while_suspended=True),
    "recategorise": CommandRule(_OPEN, _DESK, while_suspended=True),
    "adopt": CommandRule(_OPEN, _DESK, while_suspended=True),
    "relocate": CommandRule(_OPEN, _DESK, while_suspended=True),
    "merge": CommandRule(_OPEN, _DESK, while_suspended=True),
    "split": CommandRule(_OPEN, _DESK, while_suspended=True),
    "withdraw": CommandRule(_OPEN, (Who.REPORTER,), while_suspended=True),
    "void": CommandRule(_OPEN, (Who.DUTY_OFFICER,), while_suspended=True),
    "respond": CommandRule(_OPEN, (Who.SUMMONED,), while_suspended=True),
    # receive
    "accept": CommandRule(_RECEIVE, (Who.DUTY_OFFICER,)),
    "reject": CommandRule(_RECEIVE, (Who.DUTY_OFFICER,)),
    "request_info": CommandRule(_RECEIVE, (Who.DUTY_OFFICER,)),
    "supply_info": CommandRule(_RECEIVE, (Who.REPORTER, Who.DUTY_OFFICER)),
    "self_close": CommandRule(_RECEIVE, (Who.GRID_WORKER,)),
    # dispatch
    "dispatch": CommandRule(_DISPATCH, (Who.DUTY_OFFICER,)),
    "convene": CommandRule(_DISPATCH, _DESK),
    # handle
    "claim": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    "release": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    "transfer": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    "return": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    "grant_return": CommandRule(_HANDLE, _DESK),
    "refuse_return": CommandRule(_HANDLE, _DESK),
    "report_progress": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD, Who.CO_HANDLER)),
    "complete": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    "request_extension": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    "grant_extension": CommandRule(_HANDLE, _DESK),
    "refuse_extension": CommandRule(_HANDLE, _DESK),
    "request_suspension": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    "grant_suspension": CommandRule(_HANDLE, (Who.SUPERVISOR,)),
    "refuse_suspension": CommandRule(_HANDLE, (Who.SUPERVISOR,)),
    "resume": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD, *_DESK), while_suspended=True),
    "abort": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    # review
    "pass_review": CommandRule(_REVIEW, (Who.REVIEWER,)),
    "fail_review": CommandRule(_REVIEW, (Who.REVIEWER,)),
    # closed
    "rate": CommandRule(_CLOSED, (Who.REPORTER,)),
    "request_reopen": CommandRule(_CLOSED, (Who.REPORTER,)),
    "grant_reopen": CommandRule(_CLOSED, _DESK),
    "refuse_reopen": CommandRule(_CLOSED, _DESK),
    "appeal": CommandRule(_CLOSED, (Who.HOST, Who.HOST_HEAD)),
    "decide_appeal": CommandRule(_CLOSED, (Who.SUPERVISOR,)),
    # the system's own
    "wake_up": CommandRule(_EVER, (Who.SYSTEM,), while_suspended=True),
    "absorb": CommandRule(_OPEN, (Who.SYSTEM,), while_suspended=True),
    "recompute": CommandRule(_OPEN, (Who.SYSTEM,), while_suspended=True),
    "settle_errand": CommandRule(_EVER, (Who.SYSTEM,), while_suspended=True),
}

#: Commands of people, in the order of the life cycle.
HUMAN_COMMANDS = tuple(name for name, rule in COMMANDS.items() if rule.who != (Who.SYSTEM,))

#: Where each stage can lead; nothing else ever happens.
NEXT_STAGES: dict[Stage, frozenset[Stage]] = {
    Stage.RECEIVE: frozenset({Stage.DISPATCH, Stage.REVIEW, Stage.CLOSED}),
    Stage.DISPATCH: frozenset({Stage.HANDLE, Stage.CLOSED}),
    Stage.HANDLE: frozenset({Stage.DISPATCH, Stage.REVIEW, Stage.CLOSED}),
    Stage.REVIEW: frozenset({Stage.HANDLE, Stage.DISPATCH, Stage.CLOSED}),
    Stage.CLOSED: frozenset({Stage.RECEIVE, Stage.DISPATCH}),
}


#: What must hold besides the stage: the test, and what people are told when it fails.
_NEEDS: dict[str, tuple[Callable[[Case], bool], str, str]] = {
    "escalate": (lambda c: c.level > Level.PARK, "已在最高层级", "it is at the top level already"),
    "answer_urge": (
        lambda c: any(u.answered_at is None for u in c.urges), "没有待答复的督办", "no urge order awaits an answer",
    ),
    "request_info": (lambda c: c.info_request is None, "已在等待补充", "information was already asked for"),
    "supply_info": (lambda c: c.info_request is not None, "没有待补充的信息", "no information was asked for"),
    "claim": (lambda c: c.claimed_by is None, "已有人认领", "somebody has claimed it"),
    "release": (lambda c: c.claimed_by is not None, "尚无人认领", "nobody has claimed it"),
    "return": (lambda c: c.return_request is None, "退单申请待裁定", "a return awaits its decision"),
    "grant_return": (lambda c: c.return_request is not None, "没有退单申请", "no return was requested"),
    "refuse_return": (lambda c: c.return_request is not None, "没有退单申请", "no return was requested"),
    "request_extension": (
        lambda c: c.extension_request is None, "延期申请待审批", "an extension awaits its decision",
    ),
    "grant_extension": (lambda c: c.extension_request is not None, "没有延期申请", "no extension was requested"),
    "refuse_extension": (lambda c: c.extension_request is not None, "没有延期申请", "no extension was requested"),
    "request_suspension": (
        lambda c: c.suspension_request is None, "挂账申请待审批", "a suspension awaits its decision",
    ),
    "grant_suspension": (lambda c: c.suspension_request is not None, "没有挂账申请", "no suspension was requested"),
    "refuse_suspension": (lambda c: c.suspension_request is not None, "没有挂账申请", "no suspension was requested"),
    "resume": (lambda c: c.suspended_until is not None, "案件未挂账", "the case is not suspended"),
    "rate": (lambda c: c.rating is None, "已评价", "it was rated already"),
    "request_reopen": (lambda c: c.reopen_request is None, "重开申请待审批", "a reopening awaits its decision"),
    "grant_reopen": (lambda c: c.reopen_request is not None, "没有重开申请", "no reopening was requested"),
    "refuse_reopen": (lambda c: c.reopen_request is not None, "没有重开申请", "no reopening was requested"),
    "appeal": (
        lambda c: not c.appealed and any(k.overdue_at for k in c.past_clocks),
        "没有超期记录或已申诉过", "nothing was overdue, or it was appealed already",
    ),
    "decide_appeal": (lambda c: c.appeal is not None, "没有待裁定的申诉", "no appeal awaits a decision"),
}  # fmt: skip


def obstacle(case: Case, command: str) -> DomainError | None:
    """Why `command` can't be done where the case stands, whoever asks; None when nothing is in the way."""
    rule = COMMANDS.get(command)
    if rule is None:
        return UnknownCommand(command=command)
    if case.archived_at is not None:
        return AlreadyArchived()
    if case.stage not in rule.stages:
        return WrongStage(command=command, stage=case.stage)
    if case.suspended_until is not None and not rule.while_suspended:
        return CaseSuspended(until=case.suspended_until.isoformat())
    if command in _NEEDS:
        holds, why_zh, why_en = _NEEDS[command]
        if not holds(case):
            return NotNow(command=command, why_zh=why_zh, why_en=why_en)
    return None


def check_fits(case: Case, command: str) -> None:
    """Refuses a command that can't be done where the case stands. Raises what `obstacle` names."""
    found = obstacle(case, command)
    if found is not None:
        raise found
