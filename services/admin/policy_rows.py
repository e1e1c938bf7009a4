"""The policy as rows that a form can change: limits, ladders, routes, categories, their questions, the names of
calendars, hand-overs, messages.

A row is a flat list of texts, as a form has them. It is read from and written into the policy as plain data (what
`Policy.model_dump(mode="json")` returns); whether the result is a policy is for `Policy` to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from models.enums import EscalationMode
from models.policy.handovers import DEFAULT_HANDOVERS
from services.admin.notification_rows import GROUP, notification_texts, write_notifications
from services.admin.question_rows import questions_text, read_questions_text

Section = Literal["limits", "ladders", "routes", "categories", "questions", "calendars", "handovers", "notifications"]
SECTIONS: tuple[Section, ...] = get_args(Section)
STAGES = ("accept", "dispatch", "handle", "review", "whole")
#: How many targets a form offers for a step, as `models.policy.standard.Rung` allows.
TARGETS = 6
HOST = "host"
#: The kinds of sources, and the one that cites nothing.
OUR_CHOICE = "our choice"
SOURCE_KINDS = ("law", "standard", OUR_CHOICE)
Data = dict[str, Any]
Values = Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """A row: `group` is what it belongs to (a standard, a ladder), `part` what of it; `key` names both."""

    section: Section
    group: str
    part: str
    values: Values

    @property
    def key(self) -> str:
        """The key by which forms name the row."""
        return f"{self.group}.{self.part}" if self.part else self.group


def rows(data: Data, section: Section) -> dict[str, Row]:
    """Return the rows of a section by key, in the order of the policy."""
    readers = {
        "limits": _limit_rows, "ladders": _ladder_rows, "routes": _route_rows, "categories": _category_rows,
        "questions": _question_rows, "calendars": _calendar_rows, "handovers": _handover_rows,
        "notifications": _notification_rows,
    }  # fmt: skip
    return {row.key: row for row in readers[section](data)}


def write_row(data: Data, section: Section, key: str, values: Values) -> None:
    """Write the texts of a form into the policy. Raises KeyError for no such row, ValueError for what is no number."""
    group, _, part = key.partition(".")
    writers = {
        "limits": _write_limit, "ladders": _write_ladder, "routes": _write_route, "categories": _write_category,
        "questions": _write_questions, "calendars": _write_calendar, "handovers": _write_handovers,
        "notifications": _write_notifications,
    }  # fmt: skip
    writers[section](data, group, part, values)


# --- limits -----------------------------------------------------------------------------------------------------------


def _holders(data: Data) -> Iterator[tuple[str, Data]]:
    """Yield what holds limits: the standards by code, and categories with limits of their own as `category:CODE`."""
    for standard in data.get("standards", ()):
        yield standard["code"], standard
    for category in data["categories"]:
        if category.get("limits"):
            yield f"category:{category['code']}", category["limits"]


def _limit_rows(data: Data) -> Iterator[Row]:
    for group, holder in _holders(data):
        own = group.startswith("category:")
        for stage in STAGES[:-1] if own else STAGES:
            limit = holder.get(stage) or {}
            ceiling = limit.get("ceiling") or {}
            yield Row("limits", group, stage, {
                **_length_texts(limit), **_source_texts(limit.get("source", OUR_CHOICE)),
                **_length_texts(ceiling, "ceiling_"),
            })  # fmt: skip
        if not own:
            yield Row("limits", group, "ladder", {"ladder": holder.get("ladder") or ""})


def _write_limit(data: Data, group: str, stage: str, values: Values) -> None:
    holder = dict(_holders(data))[group]
    if stage == "ladder":
        holder["ladder"] = values["ladder"] or None
        return
    if stage not in STAGES:
        raise KeyError(stage)
    if stage == "whole" and not values["amount"].strip():
        holder["whole"] = None
        return
    limit = dict(holder.get(stage) or {})
    ceiling = _changed_length(limit.get("ceiling"), values, "ceiling_")
    holder[stage] = {**limit, **_length(values), "source": source_of(values), "ceiling": ceiling}


def _source_texts(source: str) -> Values:
    kind, _colon, cited = source.partition(": ")
    zh, _bar, en = cited.partition(" | ")
    return {"source_kind": kind if cited else OUR_CHOICE, "source_zh": zh, "source_en": en}


def source_of(values: Values) -> str:
    """Return the source of a limit as policies write it."""
    zh, en = values["source_zh"].strip(), values["source_en"].strip()
    if values["source_kind"] == OUR_CHOICE:
        return OUR_CHOICE
    return f"{values['source_kind']}: {zh}" + (f" | {en}" if en else "")


# --- ladders ----------------------------------------------------------------------------------------------------------


def _ladder(data: Data, code: str) -> Data:
    return next(one for one in data.get("ladders", ()) if one["code"] == code)


def _ladder_rows(data: Data) -> Iterator[Row]:
    for ladder in data.get("ladders", ()):
        code = ladder["code"]
        yield Row("ladders", code, "name", _name_texts(ladder))
        for number, rung in enumerate(ladder.get("rungs", ()), 1):
            yield Row("ladders", code, str(number), _rung_texts(rung))
        repeat, held = ladder.get("repeat") or {}, ladder.get("acknowledged_for") or {}
        yield Row("ladders", code, "repeat", {
            "times": _number_text(repeat.get("times")), **_length_texts(repeat.get("every") or {}, "every_"),
            **_length_texts(held, "held_"), "consultation": "1" if ladder.get("consultation", True) else "",
        })  # fmt: skip


def _rung_texts(rung: Data) -> Values:
    percent = _number_text(round(rung["fraction"] * 100, 6)) if rung.get("fraction") is not None else ""
    texts = {"percent": percent, **_length_texts(rung.get("after") or {}, "after_")}
    targets = [*rung["targets"], *[None] * (TARGETS - len(rung["targets"]))]
    for number, target in enumerate(targets[:TARGETS], 1):
        texts[f"who{number}"] = "" if target is None else _who(target)
        texts[f"mode{number}"] = EscalationMode.INFORM.value if target is None else str(target["mode"])
    return texts


def _who(target: Data) -> str:
    return HOST if target.get("host") else f"{target['role']}@{target['level']}"


def _write_ladder(data: Data, code: str, part: str, values: Values) -> None:
    try:
        ladder = _ladder(data, code)
    except StopIteration as error:
        raise KeyError(code) from error
    if part == "name":
        _write_names(ladder, values)
    elif part == "repeat":
        every = _changed_length((ladder.get("repeat") or {}).get("every"), values, "every_")
        times = _whole(values["times"]) if values["times"].strip() else 0
        ladder["repeat"] = {"times": times, "every": every} if every else None
        ladder["acknowledged_for"] = _changed_length(ladder.get("acknowledged_for"), values, "held_")
        ladder["consultation"] = bool(values["consultation"])
    else:
        _write_rung(ladder["rungs"], int(part) if part.isdigit() else 0, values)


def _write_rung(rungs: list[Data], number: int, values: Values) -> None:
    if not 1 <= number <= len(rungs):
        raise KeyError(number)
    rung: Data = {"targets": list(_targets(values))}
    if values["percent"].strip():
        rung["fraction"] = round(_number(values["percent"]) / 100, 8)
    if (after := _changed_length(rungs[number - 1].get("after"), values, "after_")) is not None:
        rung["after"] = after
    rungs[number - 1] = rung


def _targets(values: Values) -> Iterator[Data]:
    for number in range(1, TARGETS + 1):
        who = values.get(f"who{number}", "")
        role, at, level = who.partition("@")
        if who == HOST:
            yield {"host": True}
        elif at:
            yield {"role": role, "level": int(level) if level.isdigit() else level, "mode": values[f"mode{number}"]}


# --- routes, categories, calendars ------------------------------------------------------------------------------------


def _route_rows(data: Data) -> Iterator[Row]:
    for rule in data["routes"]:
        yield Row("routes", rule["id"], "", {
            "host": rule["host"], "categories": " ".join(rule["categories"]), "grids": " ".join(rule["grids"]),
            "why_zh": rule["why_zh"], "why_en": rule["why_en"],
        })  # fmt: skip


def _write_route(data: Data, id_: str, _part: str, values: Values) -> None:
    rule = _by(data["routes"], "id", id_)
    rule.update(host=values["host"], why_zh=values["why_zh"].strip(), why_en=values["why_en"].strip())
    rule.update(categories=_codes(values["categories"]), grids=_codes(values["grids"]))


def _category_rows(data: Data) -> Iterator[Row]:
    for category in data["categories"]:
        yield Row("categories", category["code"], "", {
            **_name_texts(category), "group": category["group"], "severity": str(category["severity"]),
            "evidence_required": "1" if category["evidence_required"] else "",
            "active": "1" if category.get("active", True) else "",
        })  # fmt: skip
        for condition in category.get("conditions", ()):
            yield Row("categories", category["code"], condition["code"], {
                **_name_texts(condition), "standard": condition["standard"],
            })  # fmt: skip


def _write_category(data: Data, code: str, part: str, values: Values) -> None:
    category = _by(data["categories"], "code", code)
    if part:
        condition = _by(category.get("conditions", []), "code", part)
        _write_names(condition, values)
        condition["standard"] = values["standard"]
        return
    _write_names(category, values)
    category.update(
        group=values["group"],
        severity=values["severity"],
        evidence_required=bool(values["evidence_required"]),
        active=bool(values["active"]),
    )


def _question_rows(data: Data) -> Iterator[Row]:
    for category in data["categories"]:
        yield Row("questions", category["code"], "", {"questions": questions_text(category.get("questions", []))})


def _write_questions(data: Data, code: str, _part: str, values: Values) -> None:
    _by(data["categories"], "code", code)["questions"] = read_questions_text(values["questions"])


def _calendar_rows(data: Data) -> Iterator[Row]:
    for calendar in data["calendars"]:
        yield Row("calendars", calendar["name"], "", _name_texts(calendar))


def _write_calendar(data: Data, name: str, _part: str, values: Values) -> None:
    _write_names(_by(data["calendars"], "name", name), values)


def _handover_rows(data: Data) -> Iterator[Row]:
    rules = {**DEFAULT_HANDOVERS.model_dump(), **data.get("handovers", {})}
    yield Row("handovers", "handovers", "", {name: _number_text(rules[name]) for name in ("link_days", "answer_hours")})


def _write_handovers(data: Data, _group: str, _part: str, values: Values) -> None:
    data["handovers"] = {
        "link_days": _whole(values["link_days"]),
        "answer_hours": _number(values["answer_hours"]),
    }


def _notification_rows(data: Data) -> Iterator[Row]:
    for part, texts in notification_texts(data):
        yield Row("notifications", GROUP, part, texts)


def _write_notifications(data: Data, group: str, part: str, values: Values) -> None:
    if group != GROUP:
        raise KeyError(group)
    write_notifications(data, part, values)


# --- parts of a row ---------------------------------------------------------------------------------------------------


def _by(items: list[Data], field: str, value: str) -> Data:
    found = next((item for item in items if item[field] == value), None)
    if found is None:
        raise KeyError(value)
    return found


def _name_texts(data: Data) -> Values:
    return {name: data.get(name) or "" for name in ("name_zh", "name_en")}


def _write_names(data: Data, values: Values) -> None:
    for name in ("name_zh", "name_en"):
        data[name] = values[name].strip() or None


def _length_texts(length: Data, prefix: str = "") -> Values:
    return {f"{prefix}amount": _number_text(length.get("amount")), f"{prefix}unit": str(length.get("unit") or "")}


def _length(values: Values, prefix: str = "") -> Data:
    return {"amount": _number(values[f"{prefix}amount"]), "unit": values[f"{prefix}unit"]}


def _changed_length(length: Data | None, values: Values, prefix: str) -> Data | None:
    """Return a length with its new amount and unit, and its calendar as it was; None where no amount is given."""
    return {**(length or {}), **_length(values, prefix)} if values[f"{prefix}amount"].strip() else None


def _number_text(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _number(text: str) -> float:
    return float(text.strip())


def _whole(text: str) -> int:
    return int(text.strip())


def _codes(text: str) -> list[str]:
    return text.replace(",", " ").replace("、", " ").replace("，", " ").split()
