"""The life cycle as a table: which command fits in which stage, and who may give it.

    receive 受理 ──accept──▶ dispatch 派遣 ──dispatch──▶ handle 处置 ──complete──▶ review 核查 ──pass──▶ closed 结案
       │  ▲                   │ ▲                          │   ▲                     │                    │
       │  └──── send_back ────┘ └─ recall, return granted ─┘   └──── review failed ──┘                    │
       ├─ self_close ─────────────────────────────────────────────▶ review                                │
       └─ reject ▶ closed       └◀──────────────────────── reopened (a new round) ────────────────────────┘

    A merged case is closed; unmerge takes it back to the stage it was in.

The workflow's validator needs only this table: a command that does not fit the stage leaves no trace in the history.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from models.case import Case
from models.enums import Level, Outcome, RequestKind, Stage
from models.errors import AlreadyArchived, CaseSuspended, DomainError, NotNow, UnknownCommand, WrongStage
from rules.levels import current_level
from rules.requests import pending_requests, takes_supervisor


class Who(StrEnum):
    """The standing of a person towards a case. `rules.scope.standing` computes it.

    `own_reporter`: reported for themselves, not for a hotline caller. `second_officer`: an officer of the place who did
    not record the report. `owning_unit`: works at the unit that owns the case now. `past_host`: of a department
    that hosted the case in any round. `transfer_target`: of the department asked to take the case over.
    """

    REPORTER = "reporter"
    OWN_REPORTER = "own_reporter"
    SECOND_OFFICER = "second_officer"
    GRID_WORKER = "grid_worker"
    DUTY_OFFICER = "duty_officer"
    OWNER = "owner"
    OWNING_UNIT = "owning_unit"
    HOST = "host"
    HOST_HEAD = "host_head"
    PAST_HOST = "past_host"
    TRANSFER_TARGET = "transfer_target"
    CO_HANDLER = "co_handler"
    SUMMONED = "summoned"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    INVOLVED = "involved"
    KEEPER = "keeper"
    READER = "reader"
    SYSTEM = "system"


@dataclass(frozen=True)
class CommandRule:
    """The stages of a command and who may give it: any one of `who`, or of `only[stage]` where a stage has its own."""

    stages: frozenset[Stage]
    who: tuple[Who, ...]
    while_suspended: bool = False
    only: Mapping[Stage, tuple[Who, ...]] = field(default_factory=dict)

    def who_in(self, stage: Stage) -> tuple[Who, ...]:
        """Who may give the command in that stage."""
        return self.only.get(stage, self.who)


_OPEN = frozenset(Stage) - {Stage.CLOSED}
_ANY_STAGE = frozenset(Stage)
_RECEIVE = frozenset({Stage.RECEIVE})
_DISPATCH = frozenset({Stage.DISPATCH})
_HANDLE = frozenset({Stage.HANDLE})
_REVIEW = frozenset({Stage.REVIEW})
_CLOSED = frozenset({Stage.CLOSED})

_DESK = (Who.DUTY_OFFICER, Who.SUPERVISOR)
_DESK_OR_UNIT = (*_DESK, Who.OWNING_UNIT)
_HOST = (Who.HOST, Who.HOST_HEAD)
#: Everybody who takes part in the case; not those who only read it.
_INVOLVED = (
    Who.REPORTER, Who.GRID_WORKER, Who.DUTY_OFFICER, Who.OWNER, Who.HOST, Who.HOST_HEAD, Who.CO_HANDLER,
    Who.SUMMONED, Who.REVIEWER, Who.SUPERVISOR, Who.INVOLVED,
)  # fmt: skip

#: The same without the reporter, and with the keeper.
_STAFF_INVOLVED = (*(who for who in _INVOLVED if who is not Who.REPORTER), Who.KEEPER)

COMMANDS: dict[str, CommandRule] = {
    # any open stage
    "comment": CommandRule(_OPEN, _INVOLVED, while_suspended=True),
    "attach": CommandRule(_OPEN, _INVOLVED, while_suspended=True),
    "acknowledge": CommandRule(_OPEN, (Who.OWNER,), while_suspended=True),
    "escalate": CommandRule(_OPEN, (Who.OWNER, Who.SUPERVISOR), while_suspended=True),
    "urge": CommandRule(_OPEN, (Who.SUPERVISOR,), while_suspended=True),
    "answer_urge": CommandRule(
        _OPEN,
        (Who.OWNER, Who.HOST, Who.HOST_HEAD),
        while_suspended=True,
        only={Stage.HANDLE: _HOST, Stage.REVIEW: (Who.OWNER, *_HOST)},
    ),
    "cancel_urge": CommandRule(_OPEN, (Who.SUPERVISOR,), while_suspended=True),
    "retract": CommandRule(_ANY_STAGE, _INVOLVED, while_suspended=True),
    "answer_questions": CommandRule(_OPEN, (*_DESK, Who.REPORTER, Who.GRID_WORKER, *_HOST), while_suspended=True),
    "recategorise": CommandRule(_OPEN, _DESK, while_suspended=True),
    "adopt": CommandRule(_OPEN, _DESK, while_suspended=True),
    "relocate": CommandRule(_OPEN, _DESK, while_suspended=True),
    "link_enterprise": CommandRule(_ANY_STAGE, _DESK_OR_UNIT, while_suspended=True),
    "merge": CommandRule(_OPEN, _DESK, while_suspended=True),
    "unmerge": CommandRule(_ANY_STAGE, _DESK, while_suspended=True),
    "split": CommandRule(_OPEN, _DESK, while_suspended=True),
    "withdraw": CommandRule(_OPEN, (Who.OWN_REPORTER, Who.SECOND_OFFICER), while_suspended=True),
    "void": CommandRule(_OPEN, _DESK, while_suspended=True),
    "refuse_void": CommandRule(_OPEN, _DESK, while_suspended=True),
    "respond": CommandRule(_OPEN, (Who.SUMMONED,), while_suspended=True),
    # receive
    "accept": CommandRule(_RECEIVE, (Who.DUTY_OFFICER,)),
    "reject": CommandRule(_RECEIVE, (Who.DUTY_OFFICER,)),
    "request_info": CommandRule(
        _RECEIVE | _HANDLE | _REVIEW,
        (Who.DUTY_OFFICER,),
        only={Stage.HANDLE: (Who.DUTY_OFFICER, *_HOST), Stage.REVIEW: (Who.REVIEWER,)},
    ),
    "supply_info": CommandRule(
        _RECEIVE | _HANDLE | _REVIEW,
        (Who.REPORTER, Who.DUTY_OFFICER),
        only={
            Stage.HANDLE: (Who.REPORTER, Who.DUTY_OFFICER, *_HOST),
            Stage.REVIEW: (Who.REPORTER, Who.DUTY_OFFICER, Who.REVIEWER),
        },
    ),
    "request_verification": CommandRule(_RECEIVE, (Who.DUTY_OFFICER,)),
    "report_verification": CommandRule(_RECEIVE, (Who.GRID_WORKER,)),
    "self_close": CommandRule(_RECEIVE, (Who.GRID_WORKER,)),
    # dispatch
    "dispatch": CommandRule(_DISPATCH, (Who.DUTY_OFFICER,)),
    "send_back": CommandRule(_DISPATCH, _DESK),
    "convene": CommandRule(_DISPATCH | _HANDLE, _DESK, only={Stage.HANDLE: (*_DESK_OR_UNIT, Who.HOST_HEAD)}),
    # handle
    "redispatch": CommandRule(_HANDLE, _DESK_OR_UNIT),
    "recall": CommandRule(_HANDLE, _DESK_OR_UNIT),
    "add_co_handler": CommandRule(_HANDLE, (*_HOST, *_DESK_OR_UNIT)),
    "release_co_handler": CommandRule(_HANDLE, _DESK_OR_UNIT),
    "claim": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    "release": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    "transfer": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    "grant_transfer": CommandRule(_HANDLE, (Who.TRANSFER_TARGET,)),
    "refuse_transfer": CommandRule(_HANDLE, (Who.TRANSFER_TARGET,)),
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
    "resume": CommandRule(_HANDLE, (*_HOST, *_DESK_OR_UNIT), while_suspended=True),
    "abort": CommandRule(_HANDLE, (Who.HOST, Who.HOST_HEAD)),
    # review
    "pass_review": CommandRule(_REVIEW, (Who.REVIEWER,)),
    "fail_review": CommandRule(_REVIEW, (Who.REVIEWER,)),
    "assign_reviewer": CommandRule(_REVIEW, (Who.REVIEWER, *_DESK_OR_UNIT)),
    # closed
    "rate": CommandRule(_CLOSED, (Who.OWN_REPORTER, Who.SECOND_OFFICER)),
    "request_reopen": CommandRule(_CLOSED, (Who.OWN_REPORTER, Who.SECOND_OFFICER)),
    "grant_reopen": CommandRule(_CLOSED, _DESK),
    "refuse_reopen": CommandRule(_CLOSED, _DESK),
    "appeal": CommandRule(_CLOSED, (Who.HOST, Who.HOST_HEAD, Who.PAST_HOST)),
    "decide_appeal": CommandRule(_ANY_STAGE, (Who.SUPERVISOR,), while_suspended=True),
    # about the reporter's data
    "unmask": CommandRule(_ANY_STAGE, (Who.KEEPER,), while_suspended=True),
    "hold_data": CommandRule(_ANY_STAGE, (Who.KEEPER,), while_suspended=True),
    "release_data": CommandRule(_ANY_STAGE, (Who.KEEPER,), while_suspended=True),
    "erase_reporter": CommandRule(_ANY_STAGE, (Who.KEEPER,), while_suspended=True),
    # about who steps aside
    "recuse": CommandRule(_ANY_STAGE, _STAFF_INVOLVED, while_suspended=True),
    "lift_recusal": CommandRule(_ANY_STAGE, _DESK, while_suspended=True),
    # the system's own
    "wake_up": CommandRule(_ANY_STAGE, (Who.SYSTEM,), while_suspended=True),
    "absorb": CommandRule(_OPEN, (Who.SYSTEM,), while_suspended=True),
    "separate": CommandRule(_ANY_STAGE, (Who.SYSTEM,), while_suspended=True),
    "take_out": CommandRule(_CLOSED, (Who.SYSTEM,), while_suspended=True),
    "inform": CommandRule(_ANY_STAGE, (Who.SYSTEM,), while_suspended=True),
    "recompute": CommandRule(_OPEN, (Who.SYSTEM,), while_suspended=True),
    "settle_errand": CommandRule(_ANY_STAGE, (Who.SYSTEM,), while_suspended=True),
}

#: The commands that only a supervisor may give while what they decide takes one (`takes_supervisor`).
_DECIDED_ABOVE = {
    "grant_extension": RequestKind.EXTENSION,
    "grant_reopen": RequestKind.REOPEN,
    "refuse_reopen": RequestKind.REOPEN,
}

#: Commands of people, in the order of the life cycle.
HUMAN_COMMANDS = tuple(name for name, rule in COMMANDS.items() if rule.who != (Who.SYSTEM,))
#: Those of them that fit in a stage at all, in the same order.
STAGE_COMMANDS = {stage: tuple(name for name in HUMAN_COMMANDS if stage in COMMANDS[name].stages) for stage in Stage}

#: The stages that each stage can lead to.
NEXT_STAGES: dict[Stage, frozenset[Stage]] = {
    Stage.RECEIVE: frozenset({Stage.DISPATCH, Stage.REVIEW, Stage.CLOSED}),
    Stage.DISPATCH: frozenset({Stage.HANDLE, Stage.RECEIVE, Stage.CLOSED}),
    Stage.HANDLE: frozenset({Stage.DISPATCH, Stage.REVIEW, Stage.CLOSED}),
    Stage.REVIEW: frozenset({Stage.HANDLE, Stage.DISPATCH, Stage.CLOSED}),
    Stage.CLOSED: frozenset({Stage.RECEIVE, Stage.DISPATCH, Stage.HANDLE, Stage.REVIEW}),
}


#: The clocks whose miss a department may appeal against: of its own stage, and of the whole case.
APPEALED_CLOCKS = frozenset({Stage.HANDLE, None})

#: What must hold besides the stage: the test, and the message in Chinese and English when it fails.
_PRECONDITIONS: dict[str, tuple[Callable[[Case], bool], str, str]] = {
    "acknowledge": (
        lambda c: may_acknowledge(c), "本梯级已知悉过,须有进展", "this step was acknowledged; report progress",
    ),
    "escalate": (lambda c: current_level(c) > Level.PARK, "已在最高层级", "it is at the top level already"),
    "answer_urge": (
        lambda c: any(u.is_open for u in c.urges), "没有待答复的督办", "no urge order awaits an answer",
    ),
    "cancel_urge": (
        lambda c: any(u.is_open for u in c.urges), "没有待答复的督办", "no urge order awaits an answer",
    ),
    "retract": (
        lambda c: bool(pending_requests(c) or c.pending_appeals), "没有待裁定的申请", "no request awaits a decision",
    ),
    "refuse_void": (lambda c: c.void_request is not None, "没有作废提议", "nobody proposed to void it"),
    "unmerge": (
        lambda c: bool(c.merged_at_stage or c.absorbed),
        "案件未合并", "the case is not merged, and none was merged into it",
    ),
    "request_verification": (
        lambda c: c.verification_request is None, "已在核实", "a verification was already asked for",
    ),
    "report_verification": (
        lambda c: c.verification_request is not None, "没有核实任务", "no verification was asked for",
    ),
    "release_co_handler": (lambda c: bool(c.co_handlers), "没有协办部门", "there are no co-handlers"),
    "transfer": (lambda c: c.transfer_request is None, "转办申请待答复", "a transfer awaits its answer"),
    "grant_transfer": (lambda c: c.transfer_request is not None, "没有转办申请", "no transfer was requested"),
    "refuse_transfer": (lambda c: c.transfer_request is not None, "没有转办申请", "no transfer was requested"),
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
    "rate": (
        lambda c: c.rating is None and c.outcome in (Outcome.SOLVED, Outcome.ABORTED),
        "已评价,或未经办理", "it was rated already, or never handled",
    ),
    "request_reopen": (
        lambda c: c.reopen_request is None and c.outcome is not Outcome.MERGED,
        "重开申请待审批,或案件已合并", "a reopening awaits its decision, or the case is merged",
    ),
    "grant_reopen": (lambda c: c.reopen_request is not None, "没有重开申请", "no reopening was requested"),
    "refuse_reopen": (lambda c: c.reopen_request is not None, "没有重开申请", "no reopening was requested"),
    "appeal": (
        lambda c: any(clock.was_late and clock.stage in APPEALED_CLOCKS for clock in c.all_clocks),
        "没有超期记录", "nothing was overdue",
    ),
    "decide_appeal": (lambda c: bool(c.pending_appeals), "没有待裁定的申诉", "no appeal awaits a decision"),
    "unmask": (
        lambda c: c.reporter_ref is None or not c.reporter_erased, "上报人信息已删除", "the reporter was erased",
    ),
    "lift_recusal": (lambda c: bool(c.recused), "无人回避", "nobody has stepped aside"),
    "hold_data": (lambda c: not c.data_held, "已在依法留存", "it is under legal hold already"),
    "release_data": (lambda c: c.data_held, "未在依法留存", "it is not under legal hold"),
    "erase_reporter": (
        lambda c: c.reporter_ref is not None and not c.reporter_erased,
        "没有上报人信息,或已删除", "nothing is kept of a reporter, or they were erased",
    ),
}  # fmt: skip


def givers(case: Case, command: str) -> tuple[Who, ...]:
    """Who may give the command in the case's present state: by its stage, and by what it decides."""
    kind = _DECIDED_ABOVE.get(command)
    if kind is not None and takes_supervisor(case, kind):
        return (Who.SUPERVISOR,)
    if command == "answer_urge" and case.host is not None:
        return _HOST
    return COMMANDS[command].who_in(case.stage)


def may_acknowledge(case: Case) -> bool:
    """Whether the owner can acknowledge now: once per step and owner, and not while an acknowledgement holds."""
    if case.acknowledged_by is not None or case.owner is None or case.clock is None:
        return False
    if case.clock.overdue_at is not None:
        return case.noted_for != case.owner
    return acknowledgement_key(case) not in case.clock.held


def acknowledgement_key(case: Case) -> str:
    """The key of the current ladder step and owner: each can be acknowledged once."""
    owner, step = case.owner, case.clock.last_step if case.clock else 0
    return f"{owner.kind}:{owner.id}:{step}" if owner is not None else f":{step}"


def obstacle(case: Case, command: str) -> DomainError | None:
    """The error that refuses `command` in the case's present state, whoever gives it; None when there is none."""
    rule = COMMANDS.get(command)
    if rule is None:
        return UnknownCommand(command=command)
    if case.archived_at is not None:
        return AlreadyArchived()
    if case.stage not in rule.stages:
        return WrongStage(command=command, stage=case.stage)
    if case.suspended_until is not None and not rule.while_suspended:
        return CaseSuspended(until=case.suspended_until.isoformat())
    if command in _PRECONDITIONS:
        holds, why_zh, why_en = _PRECONDITIONS[command]
        if not holds(case):
            return NotNow(command=command, why_zh=why_zh, why_en=why_en, pointer="/path/command")
    return None


def check_fits(case: Case, command: str) -> None:
    """Refuse a command that does not fit the case's present state. Raises what `obstacle` returns."""
    found = obstacle(case, command)
    if found is not None:
        raise found
