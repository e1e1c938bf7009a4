"""Rows of the policy for people: what a row is called, what it says, and the fields of its form."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from services.admin.draft_rows import Compared, RowPair
from services.admin.policy_rows import TARGETS, Row, Section, Values, source_of
from services.wording import vocabulary
from services.wording.lengths import length_text
from web.reader import Visitor
from web.views.case.limit_sources import limit_source_text
from web.views.policy_forms import FieldView, Names, form_fields, who_text
from web.views.policy_notifications import NOTIFICATION_PARTS, notification_parts
from web.views.translation_marks import _

#: The sections in the order of the tabs.
TABS: tuple[tuple[Section, str], ...] = (
    ("limits", _("各类时限")),
    ("ladders", _("升级梯级")),
    ("routes", _("分派规则")),
    ("categories", _("小类与立案条件")),
    ("questions", _("问项")),
    ("calendars", _("日历名称")),
    ("handovers", _("移交与链接")),
    ("notifications", _("站外通知")),
)
#: Sections whose groups have one row each: they make one table.
_FLAT = frozenset({"routes", "questions", "calendars", "handovers"})
_STAGE_NAMES = {
    "accept": _("受理"), "dispatch": _("派遣"), "handle": _("处置"), "review": _("核查"), "whole": _("全程"),
    "ladder": _("升级梯级"),
}  # fmt: skip
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class RowView:
    """A row as the page shows it: its label, what is published, what is drafted, and its form when it is open."""

    key: str
    anchor: str
    label: str
    was: str
    becomes: str
    differs: bool
    removed: bool
    shown: Values = field(default_factory=dict)
    fields: Sequence[FieldView] = ()


@dataclass(frozen=True)
class GroupView:
    """The rows of one standard, ladder, route or category."""

    title: str
    note: str
    rows: Sequence[RowView]


def anchor(key: str) -> str:
    """The id of a row in the page."""
    return "row-" + _NOT_IN_AN_ID.sub("-", key)


def group_rows(
    compared: Compared,
    section: Section,
    names: Names,
    visitor: Visitor,
    *,
    words: str = "",
    only_changed: bool = False,
    opened: str = "",
    typed: Values | None = None,
) -> list[GroupView]:
    """Return the rows of a section in groups, those whose group or row has the words; the opened one has its form."""
    groups: dict[str, list[RowPair]] = {}
    for pair in compared.pairs[section]:
        groups.setdefault(pair.row.group, []).append(pair)
    found: list[GroupView] = []
    flat: list[RowView] = []
    for group, pairs in groups.items():
        title = _group_title(section, group, names)
        rows = [
            _row_view(pair, names, visitor, opened == pair.row.key, typed)
            for pair in pairs
            if pair.differs or not only_changed
        ]
        lowered = words.casefold()
        if words and lowered not in f"{title} {group}".casefold():
            rows = [row for row in rows if lowered in f"{row.label} {row.was} {row.becomes}".casefold()]
        if rows and section in _FLAT:
            flat += [replace(row, label=title) for row in rows]
        elif rows:
            found.append(GroupView(title, _group_note(section, group, names), rows))
    return [GroupView(visitor.text(dict(TABS)[section]), "", flat)] if flat else found


def _group_title(section: Section, group: str, names: Names) -> str:
    policy = names.policy
    match section:
        case "limits":
            return names.standard(group)
        case "ladders":
            return names.ladder(group)
        case "categories" | "questions":
            category = policy.category(group)
            return f"{group} {names.of(category.name_zh, category.name_en)}" if category else group
        case "routes":
            rule = next((one for one in policy.routes if one.id == group), None)
            return names.of(rule.why_zh, rule.why_en) if rule else group
        case "handovers":
            return names.of("移交部门外部系统、一次性链接", "Hand-overs to outside systems, one-time links")
        case "notifications":
            return names.of("站外通知(短信、邮件、机器人、推送)", "Messages outside the pages")
    calendar = policy.calendar(group)
    return calendar.label(names.language) if calendar else group


def _group_note(section: Section, group: str, names: Names) -> str:
    if section == "notifications":
        return ""
    code = group.removeprefix("category:")
    return "" if _group_title(section, group, names).startswith(code) else code


def _row_view(pair: RowPair, names: Names, visitor: Visitor, is_open: bool, typed: Values | None) -> RowView:
    row = pair.row
    shown = pair.now.values if pair.now is not None else {}
    values = {**shown, **(typed or {})} if is_open else shown
    return RowView(
        key=row.key,
        anchor=anchor(row.key),
        label=_row_label(row, names, visitor),
        was=row_text(pair.was, names, visitor),
        becomes=row_text(pair.now, names, visitor),
        differs=pair.differs,
        removed=pair.now is None,
        shown=shown,
        fields=[*form_fields(row, values, names, visitor)] if is_open and pair.now is not None else (),
    )


def _row_label(row: Row, names: Names, visitor: Visitor) -> str:
    match row.section, row.part:
        case "limits", stage:
            return visitor.text(_STAGE_NAMES[stage])
        case "ladders", "name":
            return visitor.text(_("名称"))
        case "ladders", "repeat":
            return visitor.text(_("末步之后"))
        case "ladders", number:
            return visitor.text(_("第 %(n)s 步"), n=number)
        case "categories", "":
            return visitor.text(_("小类"))
        case "categories", code:
            category = names.policy.category(row.group)
            found = next((c for c in category.conditions if c.code == code), None) if category else None
            condition = names.of(found.name_zh, found.name_en) if found else code
            return f"{visitor.text(_('立案条件'))} · {condition}"
        case "questions", _part:
            return visitor.text(_("问项"))
        case "routes", _part:
            return visitor.text(_("分派规则"))
        case "notifications", part:
            return visitor.text(NOTIFICATION_PARTS[part])
    return visitor.text(_("名称"))


# --- what a row says --------------------------------------------------------------------------------------------------


def row_text(row: Row | None, names: Names, visitor: Visitor) -> str:
    """Return the content of a row in one sentence; “—” for none."""
    if row is None:
        return "—"
    parts = {
        "limits": _limit_parts, "ladders": _ladder_parts, "routes": _route_parts, "categories": _category_parts,
        "questions": _question_parts,
        "calendars": _name_parts, "handovers": _handover_parts, "notifications": _notification_parts,
    }[row.section]  # fmt: skip
    return " · ".join(part for part in parts(row, names, visitor) if part) or "—"


def _limit_parts(row: Row, names: Names, visitor: Visitor) -> Iterator[str]:
    values = row.values
    if row.part == "ladder":
        yield names.ladder(values["ladder"])
    elif values["amount"]:
        yield _length(values, "", visitor)
        if values["ceiling_amount"]:
            yield f"{visitor.text(_('上限'))} {_length(values, 'ceiling_', visitor)}"
        yield limit_source_text(source_of(values), visitor)


def _ladder_parts(row: Row, names: Names, visitor: Visitor) -> Iterator[str]:
    values = row.values
    if row.part == "name":
        yield from _name_parts(row, names, visitor)
    elif row.part == "repeat":
        if values["every_amount"]:
            every = _length(values, "every_", visitor)
            yield visitor.text(_("末步之后每 %(l)s 重复,共 %(n)s 次。"), l=every, n=values["times"]).rstrip("。.")
        if values["held_amount"]:
            yield visitor.text(_("知悉可暂停 %(l)s。"), l=_length(values, "held_", visitor)).rstrip("。.")
        yield visitor.text(_("走完后列入会商。")).rstrip("。.") if values["consultation"] else ""
    else:
        if values["percent"]:
            yield visitor.text(_("时限的 %(n)s"), n=f"{values['percent']} %")
        if values["after_amount"]:
            yield f"{visitor.text(_('上一步之后'))} {_length(values, 'after_', visitor)}"
        for number in range(1, TARGETS + 1):
            yield _target(values, number, visitor)


def _route_parts(row: Row, names: Names, visitor: Visitor) -> Iterator[str]:
    values = row.values
    yield names.departments.get(values["host"], values["host"])
    yield values["categories"] or visitor.text(_("全部类别"))
    yield values["grids"]
    yield names.of(values["why_zh"], values["why_en"])


def _category_parts(row: Row, names: Names, visitor: Visitor) -> Iterator[str]:
    values = row.values
    yield from _name_parts(row, names, visitor)
    if row.part:
        yield values["standard"]
        return
    yield vocabulary.label_of(vocabulary.SEVERITIES, values["severity"], visitor.language)
    yield visitor.text(_("须附证据")) if values["evidence_required"] else ""
    yield "" if values["active"] else visitor.text(_("停用"))


def _question_parts(row: Row, _names: Names, _visitor: Visitor) -> Iterator[str]:
    yield row.values["questions"]


def _handover_parts(row: Row, _names: Names, visitor: Visitor) -> Iterator[str]:
    yield visitor.text(_("链接有效 %(n)s 天"), n=row.values["link_days"])
    yield visitor.text(_("须在 %(n)s 个工作小时内答复"), n=row.values["answer_hours"])


def _notification_parts(row: Row, _names: Names, visitor: Visitor) -> Iterator[str]:
    yield from notification_parts(row.part, row.values, visitor)


def _name_parts(row: Row, _names: Names, _visitor: Visitor) -> Iterator[str]:
    yield from (row.values["name_zh"], row.values["name_en"])


def _length(values: Values, prefix: str, visitor: Visitor) -> str:
    return length_text(float(values[f"{prefix}amount"]), values[f"{prefix}unit"], visitor.language)


def _target(values: Values, number: int, visitor: Visitor) -> str:
    who = values[f"who{number}"]
    if not who:
        return ""
    mode = vocabulary.label_of(vocabulary.ESCALATION_MODES, values[f"mode{number}"], visitor.language)
    return f"{who_text(who, visitor)} [{mode}]"
