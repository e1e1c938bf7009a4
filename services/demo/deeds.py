"""What people of the demonstration do: who gives a command, and what they write in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.case import Case
from models.context import Person
from models.enums import UrgeKind
from rules.scope import may_give
from services.demo.town import DemoTown

#: Commands that whoever claimed the case gives, where they may.
_OF_CLAIMANT = ("claim", "complete", "report_progress", "return", "request_extension", "request_suspension")


@dataclass(frozen=True)
class Deed:
    """One command to come: to which case, at what time. `number` varies who gives it and what it says."""

    number: int
    case: Case
    town: DemoTown
    now: datetime


def actor_for(people: Sequence[Person], case: Case, command: str, number: int, day: date) -> Person | None:
    """Return one of `people` who may give the command, varying with the number; the reporter last, unless only they
    may."""
    allowed = [person for person in people if may_give(person, case, command, day)]
    others = [person for person in allowed if person.id not in (case.reported_by, case.claimed_by)]
    if command in _OF_CLAIMANT:
        claimant = [person for person in allowed if person.id == case.claimed_by]
        others = claimant or others
    candidates: Sequence[Person] = others or allowed
    return candidates[number % len(candidates)] if candidates else None


def body_of(step: str, deed: Deed) -> dict[str, object]:
    """Return the fields of the command of a step; "dispatch:shared" is "dispatch" with a co-handler."""
    make_body = _BODIES.get(step)
    return {} if make_body is None else make_body(deed)


def command_name(step: str) -> str:
    """Return the name of the step's command; after a colon a step says which variant of it."""
    return step.partition(":")[0]


def _other_department(deed: Deed) -> str:
    others = [code for code in deed.town.departments if code not in (deed.case.suggested_host, deed.case.host)]
    return others[deed.number % len(others)]


def _extended_by_half(deed: Deed) -> str:
    """Return the deadline moved by half of the time from start to deadline."""
    clock = deed.case.clock
    assert clock is not None, "only what is being handled is extended"
    due = clock.due_at or deed.now
    return (due + (due - clock.intervals[0].start) / 2).isoformat()


def _in_days(deed: Deed, days: float) -> str:
    return (deed.now + timedelta(days=days)).isoformat()


_RESULTS = (
    "已整改完毕,现场清理干净,并告知上报人",
    "责令当场改正,复查合格",
    "已清理并恢复原状,加装警示标识",
    "约谈责任单位,签订整改承诺书,问题已消除",
    "双方达成一致,已签书面协议",
)
_ANSWERS = (
    "您反映的问题已经处理完毕,感谢您的监督。",
    "您反映的问题经现场核查属实,责任单位已整改到位。",
    "您反映的事项已办结,如再次出现请随时联系我们。",
)
_PROGRESS = ("已到现场查看,约定明日上午整改", "已联系责任单位,正在整改", "材料已备齐,本周内施工")
_FAILS = ("现场仍有残留,请彻底清理后再报", "只处理了一半,后排仍未整改", "照片与现场不符,请重新办理")

_BODIES: dict[str, Callable[[Deed], dict[str, object]]] = {
    "accept": lambda d: {"note": "情况属实,予以受理"},
    "reject": lambda d: {"reason": "属于公安机关职责范围", "right_channel": "110 或辖区派出所"},
    "request_info": lambda d: {"question": "请补充具体楼号,并拍一张门口的照片"},
    "supply_info": lambda d: {"note": "在 3 号楼东单元门口"},
    "request_verification": lambda d: {"question": "请到现场核实所述情况是否属实"},
    "report_verification": lambda d: {"confirmed": True, "note": "现场查看,情况属实"},
    "dispatch": lambda d: {"host": d.case.suggested_host, "note": "请按时限办理"},
    "dispatch:elsewhere": lambda d: {"host": _other_department(d), "note": "按职责重新派遣"},
    "redispatch": lambda d: {"host": _other_department(d), "reason": "按职责分工改派"},
    "dispatch:shared": lambda d: {
        "host": d.case.suggested_host, "co_handlers": [_other_department(d)], "note": "请主办单位牵头",
    },
    "report_progress:co_handler": lambda d: {"note": "协办事项已完成,现场照片已交主办单位"},
    "report_progress": lambda d: {"note": _PROGRESS[d.number % len(_PROGRESS)], "interim": True},
    "comment": lambda d: {"note": "已电话告知上报人办理情况"},
    "urge": lambda d: {
        "urge_kind": UrgeKind.LISTED if d.number % 3 == 0 else UrgeKind.ORDINARY,
        "reply_by": _in_days(d, 1.5), "note": "请说明未办结原因和预计完成时间",
    },
    "answer_urge": lambda d: {"note": "因施工队排期延误,已加派人手,两日内完成"},
    "return": lambda d: {"reason": "现场不在本单位管辖范围,建议改派"},
    "grant_return": lambda d: {"note": "同意退回,另行派遣"},
    "request_extension": lambda d: {"until": _extended_by_half(d), "reason": "需采购配件,到货后方可施工"},
    "grant_extension": lambda d: {"note": "同意,请按期完成"},
    "request_suspension": lambda d: {"until": _in_days(d, 30), "reason": "需等待年度维修计划批复"},
    "grant_suspension": lambda d: {"note": "同意挂账,到期自动恢复"},
    "complete": lambda d: {
        "result": _RESULTS[d.number % len(_RESULTS)], "answer": _ANSWERS[d.number % len(_ANSWERS)],
    },
    "fail_review": lambda d: {"reason": _FAILS[d.number % len(_FAILS)]},
    "pass_review": lambda d: {"note": "现场核实,情况已解决"},
    "rate": lambda d: {"score": (5, 5, 4, 3, 5, 2)[d.number % 6], "note": ""},
    "request_reopen": lambda d: {"reason": "隔天又出现了同样的问题"},
    "grant_reopen": lambda d: {"note": "回访属实,同意重开"},
    "void": lambda d: {"reason": "与已有案件重复录入"},
    "self_close": lambda d: {"result": "现场劝离,通道已恢复畅通"},
}  # fmt: skip
