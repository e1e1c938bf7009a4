"""The words of enterprises (企业): their commands and facts, sizes, hours, colours and visits."""

from services.wording.matters.words import Labels, MatterWords

#: Words and shapes of their own: the light of a deadline has others.
COLOURS: Labels = {
    "green": ("绿牌", "green"),
    "yellow": ("黄牌", "yellow"),
    "red": ("红牌", "red"),
}
#: What each colour means, for those who do not see it.
COLOUR_MEANINGS: Labels = {
    "green": ("正常监管", "usual watching"),
    "yellow": ("重点关注", "closer watching"),
    "red": ("重点整治", "closest watching"),
}
VISITS: Labels = {
    "weekly": ("每周走访", "visited every week"),
    "fortnightly": ("每两周走访", "visited every two weeks"),
    "monthly": ("每月走访", "visited every month"),
    "quarterly": ("每季度走访", "visited every quarter"),
}
SIZES: Labels = {
    "above_scale": ("规上", "above scale"),
    "below_scale": ("规下", "below scale"),
    "small": ("小微", "small"),
}
WORK_RULES: Labels = {
    "park": ("按园区工作日", "on the workdays of the park"),
    "every_day": ("全年无休", "every day of the year"),
    "no_sundays": ("周日休息,节假日照常", "every day but Sundays, on holidays too"),
}
FIELDS: Labels = {
    "name": ("名称", "name"),
    "size": ("规模", "size"),
    "industry": ("行业", "industry"),
    "headcount": ("用工人数", "headcount"),
    "shifts": ("班次", "shifts"),
    "calendar": ("日历", "calendar"),
    "work_rule": ("开工日", "days of work"),
    "workshops": ("车间", "workshops"),
    "department": ("主管部门", "department"),
    "location": ("位置", "location"),
    "volunteer": ("志愿者", "volunteer"),
    "cadre": ("包联干部", "responsible cadre"),
    "safety_officer": ("安全负责人", "safety officer"),
    "volunteer_name": ("志愿者", "volunteer"),
    "cadre_name": ("包联干部", "responsible cadre"),
    "shown_colour": ("颜色", "colour"),
    "colour": ("颜色", "colour"),
    "code": ("统一社会信用代码", "credit code"),
    "number": ("编号", "number"),
    "override": ("人工设定", "set by hand"),
    "visits": ("走访", "visits"),
    "causes": ("现行依据", "what holds"),
    "held": ("保持中的依据", "what is held"),
    "check_at": ("下次评定", "assessed again"),
    "reason": ("理由", "reason"),
    "until": ("至", "until"),
    "phone": ("电话", "phone"),
    "start": ("开始", "start"),
    "end": ("结束", "end"),
    "lat": ("纬度", "latitude"),
    "lon": ("经度", "longitude"),
    "datum": ("坐标系", "datum"),
}
WORDS = MatterWords(
    commands={
        "register": ("登记企业", "register"),
        "amend": ("更正登记", "amend"),
        "assign_people": ("指定人员", "assign people"),
        "rename": ("更名", "rename"),
        "move": ("变更网格", "move"),
        "close": ("注销登记", "take off the register"),
        "reopen": ("恢复登记", "register again"),
        "assess": ("评定颜色", "assess the colour"),
        "override_colour": ("人工定色", "set the colour by hand"),
        "lift_override": ("取消人工定色", "lift the colour set by hand"),
    },
    statuses={"active": ("在册", "on the register"), "closed": ("已注销", "off the register")},
    facts={
        "registered": ("登记入册:{name}", "Registered as {name}"),
        "amended": ("更正登记 {note}", "The entry was amended {note}"),
        "people_assigned": ("人员变更", "People were assigned"),
        "renamed": ("由“{before}”更名为“{name}”", "Renamed from “{before}” to “{name}”"),
        "moved": ("由网格 {before} 变更到 {grid}", "Moved from {before} to {grid}"),
        "closed": ("注销登记:{reason}", "Taken off the register: {reason}"),
        "reopened": ("恢复登记:{reason}", "Registered again: {reason}"),
        "assessed": ("评定依据有变化", "What the colour rests on changed"),
        "colour_changed": ("评定颜色:{before} → {after}", "Computed colour: {before} → {after}"),
        "colour_overridden": ("人工定为{colour}:{reason}", "Set to {colour} by hand: {reason}"),
        "override_ended": ("人工定色结束,恢复{computed}", "The colour set by hand ended; it is {computed} again"),
    },
    fields=FIELDS,
    options={
        "shown_colour": COLOURS,
        **dict.fromkeys(("before", "after", "colour", "computed"), COLOURS),
        "visits": VISITS,
        "size": SIZES,
        "work_rule": WORK_RULES,
    },
)
