"""The words of meetings (季度联席会议、会商)."""

from services.wording.matters.words import Labels, MatterWords

TYPES: Labels = {
    "quarterly": ("季度联席会议", "quarterly joint meeting"),
    "consultation": ("会商", "consultation"),
}
OUTCOMES: Labels = {
    "case": ("立为案件", "a case"),
    "undertaking": ("承诺事项", "an undertaking"),
    "claim": ("列入揭榜", "an item of the claim board"),
    "noted": ("记入纪要", "noted"),
}
OF: Labels = {
    "topic": ("议题", "topic"),
    "case": ("案件", "case"),
    "undertaking": ("承诺事项", "undertaking"),
    "claim": ("揭榜事项", "item of the claim board"),
    "other": ("临时议题", "other"),
}
WORDS = MatterWords(
    commands={
        "call": ("召集会议", "call a meeting"),
        "refresh_agenda": ("更新议程", "refresh the agenda"),
        "add_item": ("增加议题", "add an item"),
        "drop_item": ("移出议程", "take an item off"),
        "decide_item": ("议定", "decide an item"),
        "move": ("改期", "move"),
        "close": ("印发纪要", "close with minutes"),
        "cancel": ("取消会议", "cancel"),
    },
    statuses={
        "called": ("已召集", "called"),
        "closed": ("已印发纪要", "closed"),
        "cancelled": ("已取消", "cancelled"),
    },
    facts={
        "called": ("召集会议", "Called"),
        "agenda_added": ("更新议程", "The agenda was added to"),
        "item_dropped": ("第 {item} 项移出议程:{reason}", "Item {item} was taken off: {reason}"),
        "item_decided": ("第 {item} 项议定:{decision}", "Item {item} was decided: {decision}"),
        "moved": ("改期:{reason}", "Moved: {reason}"),
        "overdue": ("纪要逾期未印发", "The minutes are late"),
        "closed": ("印发纪要", "Closed with minutes"),
        "cancelled": ("取消会议:{reason}", "Cancelled: {reason}"),
    },
    overdue={"minutes": ("会议纪要", "minutes")},
    fields={
        "type": ("类型", "type"),
        "meet_at": ("会议时间", "time of the meeting"),
        "place": ("地点", "place"),
        "departments": ("参会部门", "departments invited"),
        "items": ("议程", "agenda"),
        "item": ("议程项", "item"),
        "title": ("议题", "item"),
        "of": ("来源", "from"),
        "reference": ("编号", "code"),
        "decision": ("议定意见", "decision"),
        "outcome": ("形成", "becomes"),
        "becomes": ("编号", "became"),
        "owner_name": ("责任单位", "who answers for it"),
        "due_on": ("期限", "due on"),
        "refused": ("未受理原因", "refused because"),
        "dropped": ("移出理由", "taken off because"),
        "minutes": ("会议纪要", "minutes"),
        "attended": ("出席人员", "attended by"),
        "closed_at": ("印发时间", "closed at"),
        "cancel_reason": ("取消理由", "reason of the cancellation"),
    },
    options={"type": TYPES, "outcome": OUTCOMES, "of": OF},
)
