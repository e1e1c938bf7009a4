"""The words of topics (议题)."""

from services.wording.matters.words import Labels, MatterWords

SOURCES: Labels = {
    "visit": ("走访", "visit"),
    "enterprise": ("企业反映", "enterprise"),
    "meeting": ("会议提出", "meeting"),
    "consultation": ("会商清单", "consultation list"),
    "resident": ("群众反映", "resident"),
    "other": ("其他", "other"),
}
DECISIONS: Labels = {
    "case": ("转为案件", "a case"),
    "claim": ("列入揭榜", "an item of the claim board"),
    "agenda": ("列入会议议程", "the agenda of the next meeting"),
    "reject": ("不采纳", "rejected"),
}
WORDS = MatterWords(
    commands={
        "submit": ("提交议题", "submit a topic"),
        "audit": ("审核", "audit"),
        "withdraw": ("撤回", "withdraw"),
        "settle_topic": ("会议议定", "settle in a meeting"),
    },
    statuses={
        "waiting": ("待审核", "waiting for its audit"),
        "agenda": ("待上会", "for the next meeting"),
        "case": ("已转案件", "became a case"),
        "claim": ("已列揭榜", "on the claim board"),
        "settled": ("已议定", "settled in a meeting"),
        "rejected": ("不采纳", "rejected"),
        "withdrawn": ("已撤回", "withdrawn"),
    },
    facts={
        "submitted": ("提交议题", "Submitted"),
        "audited": ("审核:{decision} {note}", "Audited: {decision} {note}"),
        "withdrawn": ("撤回:{reason}", "Withdrawn: {reason}"),
        "overdue": ("逾期未审核", "Not audited in time"),
        "settled": ("会议 {meeting} 议定:{decision}", "Meeting {meeting} decided: {decision}"),
    },
    overdue={"audit": ("议题审核", "audit of the topic")},
    fields={
        "name": ("标题", "title"),
        "text": ("内容", "what it is about"),
        "source": ("来源", "source"),
        "reference": ("来源编号", "code of the source"),
        "department": ("提出部门", "department that submits it"),
        "decision": ("处理方式", "what becomes of it"),
        "decision_note": ("审核意见", "note of the audit"),
        "due_on": ("揭榜完成期限", "day by which the item is due"),
        "outcome": ("形成", "became"),
        "meeting": ("会议", "meeting"),
    },
    options={"source": SOURCES, "decision": DECISIONS},
)
