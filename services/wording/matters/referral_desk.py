"""The words of referral desks (专业坐诊台)."""

from services.wording.matters.words import Labels, MatterWords

KINDS: Labels = {
    "lawyer": ("法律咨询", "legal advice"),
    "employment": ("招工用工", "employment"),
    "psychology": ("心理疏导", "counselling"),
    "mediation": ("调解", "mediation"),
    "other": ("其他", "other"),
}
OUTCOMES: Labels = {
    "advised": ("已解答", "advised"),
    "agreed": ("达成一致", "agreement reached"),
    "aid_granted": ("受理法律援助", "legal aid granted"),
    "referred": ("转介其他机构", "referred elsewhere"),
    "further": ("需再次坐诊", "a further slot is needed"),
}
BOOKING_STATES: Labels = {
    "booked": ("已预约", "booked"),
    "attended": ("已到场", "attended"),
    "missed": ("未到场", "did not come"),
    "cancelled": ("已取消", "cancelled"),
    "done": ("已有结果", "outcome recorded"),
}
WEEKDAYS: Labels = {
    "1": ("周一", "Monday"),
    "2": ("周二", "Tuesday"),
    "3": ("周三", "Wednesday"),
    "4": ("周四", "Thursday"),
    "5": ("周五", "Friday"),
    "6": ("周六", "Saturday"),
    "7": ("周日", "Sunday"),
}
WORDS = MatterWords(
    commands={
        "register": ("设立坐诊台", "open a desk"),
        "change": ("修改", "change"),
        "change_day": ("调整某日坐诊", "change one day"),
        "book": ("预约时段", "book a slot"),
        "move": ("改约", "move a booking"),
        "cancel": ("取消预约", "cancel a booking"),
        "note_attendance": ("登记到场", "record attendance"),
        "record_outcome": ("登记结果", "record the outcome"),
        "end": ("撤台", "close for good"),
    },
    statuses={"open": ("开放", "open"), "ended": ("已撤台", "closed for good")},
    facts={
        "registered": ("设立坐诊台", "The desk was opened"),
        "changed": ("修改:{note}", "Changed: {note}"),
        "day_changed": ("调整 {day} 坐诊:{note}", "Sittings of {day} changed: {note}"),
        "slot_booked": ("预约 #{number},案件 {case_no}", "Booking #{number} for case {case_no}"),
        "slot_moved": ("预约 #{number} 改约", "Booking #{number} was moved"),
        "slot_cancelled": ("取消预约 #{number}:{reason}", "Booking #{number} was cancelled: {reason}"),
        "attendance_noted": ("预约 #{number} 到场登记 {note}", "Attendance of booking #{number} recorded {note}"),
        "outcome_recorded": ("预约 #{number} 已有结果 {note}", "The outcome of booking #{number} was recorded {note}"),
        "outcome_missing": ("预约 #{number} 结果逾期未登记", "The outcome of booking #{number} is missing"),
        "ended": ("撤台:{reason}", "Closed for good: {reason}"),
    },
    fields={
        "name": ("名称", "name"),
        "code": ("编码", "code"),
        "desk_kind": ("坐诊类型", "kind of desk"),
        "place": ("地点", "place"),
        "persons": ("坐诊人员", "who sits"),
        "organisation": ("所在机构", "organisation"),
        "sittings": ("坐诊时间", "sitting times"),
        "weekday": ("星期(1 至 7)", "weekday (1 to 7)"),
        "start": ("开始", "from"),
        "end": ("结束", "to"),
        "changed_days": ("调整的日期", "changed days"),
        "day": ("日期", "day"),
        "calendar": ("日历", "calendar"),
        "slot_minutes": ("每个时段(分钟)", "slot (minutes)"),
        "department": ("责任部门", "department in charge"),
        "bookings": ("未结预约", "open bookings"),
        "number": ("预约编号", "booking"),
        "at": ("时间", "time"),
        "until": ("至", "until"),
        "case_no": ("案件编号", "case number"),
        "attended": ("到场", "came"),
        "outcome": ("结果", "outcome"),
        "outcome_due_at": ("结果登记期限", "outcome due"),
        "last_number": ("预约总数", "bookings so far"),
    },
    options={"desk_kind": KINDS, "outcome": OUTCOMES, "weekday": WEEKDAYS},
    overdue={"booking": ("坐诊结果", "outcome of booking")},
)
