"""The terms of the field, one per thing. `docs/glossary.md` gives each in both languages."""

from enum import IntEnum, StrEnum


class Stage(StrEnum):
    """The stage of a case. `rules.life_cycle` says which stage can follow which."""

    RECEIVE = "receive"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    REVIEW = "review"
    CLOSED = "closed"


class Level(IntEnum):
    """The four levels of the grid hierarchy, the top one first."""

    PARK = 1
    COMMUNITY = 2
    GRID = 3
    MICRO_GRID = 4


class UnitType(StrEnum):
    """The type of a grid unit: drawn by territory, or around one body (专属网格: a school, a plant)."""

    TERRITORIAL = "territorial"
    DEDICATED = "dedicated"


class Role(StrEnum):
    """A role that a person holds for a grid subtree and/or a department, from a date to a date."""

    REPORTER = "reporter"
    GRID_WORKER = "grid_worker"
    DUTY_OFFICER = "duty_officer"
    HANDLER = "handler"
    DEPARTMENT_HEAD = "department_head"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    KEEPER = "keeper"
    AUDITOR = "auditor"
    ADMIN = "admin"
    VOLUNTEER = "volunteer"
    #: 片区联络员: between the park and its communities, for the units of a zone.
    LIAISON = "liaison"
    #: 帮帮团成员: member of a help group, which is a department of its own kind.
    HELPER = "helper"


class Severity(StrEnum):
    """How serious an issue is, in rising order."""

    ORDINARY = "ordinary"
    PRESSING = "pressing"
    URGENT = "urgent"
    MAJOR = "major"


class Source(StrEnum):
    """The channel by which a report came in."""

    GRID_WORKER = "grid_worker"
    RESIDENT = "resident"
    ENTERPRISE = "enterprise"
    HOTLINE = "hotline"
    SENSOR = "sensor"
    OPEN311 = "open311"
    IMPORT = "import"
    SPLIT = "split"


class LimitUnit(StrEnum):
    """What a limit counts. `docs/glossary.md` says how each is counted; they are never converted into one another."""

    URGENT_HOUR = "urgent_hour"
    WORK_HOUR = "work_hour"
    WORK_DAY_8H = "work_day_8h"
    LEGAL_WORK_DAY = "legal_work_day"
    NATURAL_DAY = "natural_day"


class Light(StrEnum):
    """The light of a deadline; not to be confused with enterprise risk or public warnings."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "grey"


class InterestKind(StrEnum):
    """With what a person is declared to have an interest: an enterprise, a department, a grid unit."""

    ENTERPRISE = "enterprise"
    DEPARTMENT = "department"
    UNIT = "unit"


class OwnerKind(StrEnum):
    """The kind of a case's owner: the duty desk of a unit, a department, or one person."""

    UNIT = "unit"
    DEPARTMENT = "department"
    PERSON = "person"


class TaskKind(StrEnum):
    """The kind of a task. `oversee`: a case was escalated to them; acknowledging it, or its next stage, ends it."""

    ACCEPT = "accept"
    SUPPLY_INFO = "supply_info"
    VERIFY = "verify"
    DISPATCH = "dispatch"
    RESPOND = "respond"
    HANDLE = "handle"
    CO_HANDLE = "co_handle"
    REVIEW = "review"
    OVERSEE = "oversee"
    ANSWER_URGE = "answer_urge"
    CONFIRM_VOID = "confirm_void"
    DECIDE_RETURN = "decide_return"
    DECIDE_TRANSFER = "decide_transfer"
    DECIDE_EXTENSION = "decide_extension"
    DECIDE_SUSPENSION = "decide_suspension"
    DECIDE_REOPEN = "decide_reopen"
    DECIDE_APPEAL = "decide_appeal"
    SPLIT_AGAIN = "split_again"
    ANSWER_QUESTIONS = "answer_questions"


class Outcome(StrEnum):
    """Why a case is closed."""

    SOLVED = "solved"
    REJECTED = "rejected"
    ABORTED = "aborted"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"


class RequestKind(StrEnum):
    """The kind of a request that somebody else decides or answers."""

    INFO = "info"
    VERIFICATION = "verification"
    RETURN = "return"
    TRANSFER = "transfer"
    EXTENSION = "extension"
    SUSPENSION = "suspension"
    VOID = "void"
    REOPEN = "reopen"
    APPEAL = "appeal"


class UrgeKind(StrEnum):
    """The kind of an urge order (督办).

    Ordinary, listed publicly (挂牌), by a leader, or a talk (约谈) to which those in charge are called.
    """

    ORDINARY = "ordinary"
    LISTED = "listed"
    LEADER = "leader"
    INTERVIEW = "interview"


class UrgeCause(StrEnum):
    """Why the system itself gave an urge order."""

    OVERDUE_AT_THE_TOP = "overdue_at_the_top"
    THIRD_RETURN = "third_return"
    SECOND_FAILED_REVIEW = "second_failed_review"
    SECOND_REOPENING = "second_reopening"


class UnmaskPurpose(StrEnum):
    """Why a keeper looks at a reporter's data."""

    CALL_BACK = "call_back"
    SAFETY = "safety"
    LEGAL = "legal"
    COMPLAINT = "complaint"
    OTHER = "other"


class EscalationMode(StrEnum):
    """To act: ownership moves up. To be informed: it stays."""

    ACT = "act"
    INFORM = "inform"


class OutsideKind(StrEnum):
    """What the outside system of a department is: a web service with a call-back, a partner who answers by
    link, or an Open311 endpoint, whose updates are followed."""

    WEB_SERVICE = "web_service"
    PARTNER = "partner"
    OPEN311 = "open311"
