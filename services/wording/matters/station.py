"""The words of monitoring stations (监测站)."""

from services.wording.matters.words import Labels, MatterWords

MEDIA: Labels = {
    "air": ("空气", "air"),
    "water": ("水质", "water"),
    "soil": ("土壤", "soil"),
    "noise": ("噪声", "noise"),
}
WATCH_STATES: Labels = {
    "normal": ("正常", "within the limit"),
    "exceeding": ("超限观察", "beyond the limit"),
    "breach": ("超标", "in breach"),
}
READING_STATES: Labels = {
    "evaluated": ("已评价", "evaluated"),
    "late": ("迟到,不评价", "late, not evaluated"),
    "suspect": ("存疑,不评价", "not plausible, not evaluated"),
}
WORDS = MatterWords(
    commands={
        "register": ("登记", "register"),
        "change": ("修改", "change"),
        "rotate_key": ("更换密钥", "give a new key"),
        "revoke_key": ("撤销密钥", "revoke the key"),
        "end": ("撤站", "give up"),
        "observe": ("读数变化", "by its readings"),
    },
    statuses={
        "working": ("正常", "working"),
        "breach": ("超标", "in breach"),
        "silent": ("无数据", "silent"),
        "ended": ("已撤站", "given up"),
    },
    facts={
        "registered": ("登记监测站", "The station was registered"),
        "changed": ("修改:{note}", "Changed: {note}"),
        "key_rotated": ("更换密钥", "A new key was given out"),
        "key_revoked": ("撤销密钥:{reason}", "The key was revoked: {reason}"),
        "ended": ("撤站:{reason}", "Given up: {reason}"),
        "breach_began": (
            "{name} 超标:{change[value]}(限值 {change[limit]}),已报案",
            "{name} in breach: {change[value]} (limit {change[limit]}); a case was asked for",
        ),
        "breach_joined": (
            "{name} 再次或持续超标:{change[value]}(限值 {change[limit]}),并入案件 {case_no}",
            "{name} in breach again or still: {change[value]} (limit {change[limit]}); joined case {case_no}",
        ),
        "breach_ended": (
            "{name} 恢复:{change[value]}(最严重 {change[peak]})",
            "{name} is back: {change[value]} (worst: {change[peak]})",
        ),
        "heard_until": ("数据正常到达", "Readings are coming in"),
        "fell_silent": ("超过时限没有数据", "Nothing was heard for longer than its limit"),
        "silence_reported": ("长时间没有数据,已报案 {case_no}", "Still silent: a case was asked for or told {case_no}"),
        "heard_again": ("恢复数据", "Heard again"),
    },
    fields={
        "name": ("名称", "name"),
        "code": ("编码", "code"),
        "medium": ("监测对象", "what it measures"),
        "place": ("安装位置", "where it stands"),
        "location": ("坐标", "coordinates"),
        "metrics": ("监测项", "metrics"),
        "metric": ("监测项", "metric"),
        "unit": ("单位", "unit"),
        "above": ("上限", "upper limit"),
        "below": ("下限", "lower limit"),
        "hysteresis": ("回差", "hysteresis"),
        "minutes": ("持续分钟", "minutes"),
        "lowest": ("可信最小值", "least plausible"),
        "highest": ("可信最大值", "greatest plausible"),
        "silence_minutes": ("无数据判定(分钟)", "silent after (minutes)"),
        "department": ("责任部门", "department in charge"),
        "key_since": ("密钥启用", "key given at"),
        "heard_at": ("最近数据", "last heard"),
        "silent_since": ("中断起", "silent since"),
        "silence_case_at": ("报案时间", "case at"),
        "cases": ("案件", "cases"),
        "errand": ("报案事由", "errand"),
        "breach": ("超标中", "in breach"),
        "case_no": ("案件编号", "case number"),
    },
    options={"medium": MEDIA},
    overdue={"silence": ("监测站无数据", "silent station"), "no_case": ("超标未能立案", "breach without a case")},
)
