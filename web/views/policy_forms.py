"""The form of a row of the policy: its fields, their labels and choices."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.enums import EscalationMode, Level, LimitUnit, Role, Severity
from models.policy.document import Policy
from models.policy.notifications import Ground
from services.admin.notification_rows import NUMBERS
from services.admin.policy_rows import HOST, OUR_CHOICE, SOURCE_KINDS, TARGETS, Row, Values
from services.wording import vocabulary
from services.wording.policy_notifications import notification_labels
from web.reader import Visitor
from web.views.translation_marks import _

#: The roles that a form offers for a step, each at every level.
_TARGET_ROLES = (Role.SUPERVISOR, Role.DUTY_OFFICER, Role.LIAISON, Role.GRID_WORKER, Role.VOLUNTEER)
_SOURCE_KINDS = {"law": _("法定"), "standard": _("标准"), OUR_CHOICE: _("本单位自定")}
Option = tuple[str, str]
_NOTHING: list[Option] = [("", "—")]


@dataclass(frozen=True)
class FieldView:
    """A field of a form: `kind` is text, area, number, check or select (with `options`)."""

    name: str
    label: str
    kind: str
    value: str
    options: Sequence[Option] = ()


@dataclass(frozen=True)
class Names:
    """What codes are called in the reader's language."""

    departments: Mapping[str, str]
    policy: Policy
    language: str

    def of(self, zh: str, en: str) -> str:
        """The one of both in the reader's language."""
        return en if self.language == "en" else zh

    def ladder(self, code: str) -> str:
        """The name of a ladder."""
        found = self.policy.ladder(code) if code else None
        return found.name(self.language) if found else code

    def standard(self, code: str) -> str:
        """The conditions that a standard is for, by name."""
        if code.startswith("category:"):
            category = self.policy.category(code.partition(":")[2])
            return f"{category.code} {self.of(category.name_zh, category.name_en)}" if category else code
        used = [
            f"{category.code} {self.of(category.name_zh, category.name_en)}"
            + ("" if len(category.conditions) == 1 else f" · {self.of(condition.name_zh, condition.name_en)}")
            for category in self.policy.categories
            for condition in category.conditions
            if condition.standard == code
        ]
        more = self.of(f"等 {len(used)} 项", f" and {len(used) - 3} more")
        return self.of("、", ", ").join(used[:3]) + (more if len(used) > 3 else "") if used else code


def form_fields(row: Row, values: Values, names: Names, visitor: Visitor) -> Iterator[FieldView]:
    """Yield the fields of the form of a row, with what stands in them."""
    fields = {
        "limits": _limit_fields, "ladders": _ladder_fields, "routes": _route_fields, "categories": _category_fields,
        "questions": _question_fields,
        "calendars": _name_fields, "handovers": _handover_fields, "notifications": _notification_fields,
    }[row.section]  # fmt: skip
    return fields(row, _Form(values, names, visitor))


@dataclass(frozen=True)
class _Form:
    values: Values
    names: Names
    visitor: Visitor

    def field(self, name: str, label: str, kind: str = "text", options: Sequence[Option] = ()) -> FieldView:
        return FieldView(name, self.visitor.text(label), kind, self.values.get(name, ""), options)

    def labels(self, book: vocabulary.Labels, codes: Sequence[str]) -> list[Option]:
        return [(code, vocabulary.label_of(book, code, self.visitor.language)) for code in codes]

    def length(self, prefix: str, amount: str, unit: str, *, needed: bool = False) -> Iterator[FieldView]:
        units = self.labels(vocabulary.UNITS, [one.value for one in LimitUnit])
        yield self.field(f"{prefix}amount", amount, "number")
        yield self.field(f"{prefix}unit", unit, "select", units if needed else _NOTHING + units)


def _limit_fields(row: Row, form: _Form) -> Iterator[FieldView]:
    if row.part == "ladder":
        ladders = [(one.code, one.name(form.visitor.language)) for one in form.names.policy.ladders]
        yield form.field("ladder", _("升级梯级"), "select", _NOTHING + ladders)
        return
    yield from form.length("", _("时限"), _("单位"), needed=row.part != "whole")
    kinds = [(kind, form.visitor.text(_SOURCE_KINDS[kind])) for kind in SOURCE_KINDS]
    yield form.field("source_kind", _("依据"), "select", kinds)
    yield form.field("source_zh", _("依据的出处(中文)"))
    yield form.field("source_en", _("依据的出处(英文,可不填)"))
    yield from form.length("ceiling_", _("法定上限(可不填)"), _("上限的单位"))


def _ladder_fields(row: Row, form: _Form) -> Iterator[FieldView]:
    if row.part == "name":
        yield from _name_fields(row, form)
    elif row.part == "repeat":
        yield form.field("times", _("末步之后重复次数"), "number")
        yield from form.length("every_", _("每隔"), _("单位"))
        yield from form.length("held_", _("知悉可暂停"), _("单位"))
        yield form.field("consultation", _("走完后列入会商"), "check")
    else:
        yield form.field("percent", _("时限的百分之几(与“上一步之后”二选一)"), "number")
        yield from form.length("after_", _("上一步之后"), _("单位"))
        modes = form.labels(vocabulary.ESCALATION_MODES, [one.value for one in EscalationMode])
        used = sum(1 for number in range(1, TARGETS + 1) if form.values.get(f"who{number}"))
        for number in range(1, min(used + 1, TARGETS) + 1):  # one more than are there
            chosen = form.values.get(f"who{number}", "")
            label = form.visitor.text(_("通知谁(%(n)s)"), n=number)
            yield FieldView(f"who{number}", label, "select", chosen, _NOTHING + _targets(chosen, form.visitor))
            yield form.field(f"mode{number}", _("方式"), "select", modes)


def _route_fields(_row: Row, form: _Form) -> Iterator[FieldView]:
    departments = sorted(form.names.departments.items(), key=lambda one: one[1])
    yield form.field("host", _("主办部门"), "select", departments)
    yield form.field("categories", _("类别编码或其开头,用空格分开(不填为全部)"))
    yield form.field("grids", _("网格编码或其开头,用空格分开(不填为全部)"))
    yield form.field("why_zh", _("理由(中文)"))
    yield form.field("why_en", _("理由(英文)"))


def _category_fields(row: Row, form: _Form) -> Iterator[FieldView]:
    names, policy = form.names, form.names.policy
    yield from _name_fields(row, form)
    if row.part:
        yield form.field("standard", _("办理时限标准"), "select", [(one.code, one.code) for one in policy.standards])
        return
    groups = [(one.code, f"{one.code} {names.of(one.name_zh, one.name_en)}") for one in policy.groups]
    yield form.field("group", _("大类"), "select", groups)
    severities = form.labels(vocabulary.SEVERITIES, [one.value for one in Severity])
    yield form.field("severity", _("程度"), "select", severities)
    yield form.field("evidence_required", _("须附证据"), "check")
    yield form.field("active", _("在用(停用后不能再按此类上报,未结案件照常办理)"), "check")


def _question_fields(_row: Row, form: _Form) -> Iterator[FieldView]:
    yield form.field("questions", _("问项(YAML,见文档“问项”;清空则不问)"), "area")


def _handover_fields(_row: Row, form: _Form) -> Iterator[FieldView]:
    yield form.field("link_days", _("一次性链接有效天数"), "number")
    yield form.field("answer_hours", _("移交后须在多少工作小时内答复(接收方未另定时)"), "number")


def _notification_fields(row: Row, form: _Form) -> Iterator[FieldView]:
    for name, label in notification_labels(row.part, form.visitor.language):
        kind = "check" if name in set(Ground) else "number" if row.part == "storm" or name in NUMBERS else "text"
        yield FieldView(name, label, kind, form.values.get(name, ""))


def _name_fields(_row: Row, form: _Form) -> Iterator[FieldView]:
    yield form.field("name_zh", _("中文名称"))
    yield form.field("name_en", _("英文名称"))


def _targets(chosen: str, visitor: Visitor) -> list[Option]:
    found = [HOST, *(f"{role.value}@{level.value}" for role in _TARGET_ROLES for level in Level)]
    found += [chosen] if chosen and chosen not in found else []
    return [(who, who_text(who, visitor)) for who in found]


def who_text(who: str, visitor: Visitor) -> str:
    """Return whom a target of a step means: the host, or a role at a level."""
    if who == HOST:
        return visitor.text(_("办理此案者"))
    role, _at, level = who.partition("@")
    place = vocabulary.label_of(vocabulary.LEVELS, level, visitor.language)
    return f"{place} {vocabulary.label_of(vocabulary.ROLES, role, visitor.language)}"
