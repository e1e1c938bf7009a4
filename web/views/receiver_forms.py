"""The form of an outside system (接收方): what stands in its fields, and what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from models.base import Code, Frozen
from models.enums import OutsideKind
from models.far_open311 import Closing, FarEndpoint
from models.handovers import ReceiverDraft
from web.views.translation_marks import _

KINDS = {
    OutsideKind.WEB_SERVICE: _("网络服务(JSON)"),
    OutsideKind.PARTNER: _("无账号单位(一次性链接)"),
    OutsideKind.OPEN311: _("Open311 接口"),
}
CLOSINGS = {
    Closing.PROGRESS: _("记为进展,由承办部门办结"),
    Closing.COMPLETES: _("视为办结,转入核查"),
}
FORMATS = ("json", "xml")
#: What the form calls its fields.
LABELS = {
    "code": _("编码"),
    "name": _("名称"),
    "department": _("部门"),
    "kind": _("种类"),
    "url": _("接收地址"),
    "query_url": _("查询地址"),
    "channel": _("发送渠道"),
    "address": _("邮箱或手机号"),
    "answer_hours": _("须在多少工作小时内答复"),
    "language": _("对方语言"),
    "jurisdiction": _("辖区代码"),
    "service": _("对方服务代码"),
    "services": _("类别编码或其开头"),
    "format": _("格式"),
    "closing": _("对方关闭请求时"),
    "poll_seconds": _("每隔多少秒查询一次"),
}
#: How many rows for categories the form has that nothing stands in yet.
SPARE_ROWS = 3
_TEXTS = ("name", "department", "kind", "url", "query_url", "channel", "address", "answer_hours", "language")
_CHECKS = ("dedupes", "photos", "enabled")
_FAR_TEXTS = ("jurisdiction", "service", "format", "closing", "poll_seconds")
_FAR_CHECKS = ("lists_marks", "updates")


class ReceiverCode(Frozen):
    """The code of a receiver, as it is typed."""

    code: Code


@dataclass(frozen=True)
class ReceiverForm:
    """What stands in the form. `services`: rows of our category and their service code."""

    texts: Mapping[str, str]
    services: Sequence[tuple[str, str]] = field(default=())

    @property
    def rows(self) -> Sequence[tuple[str, str]]:
        """The rows of services that the form shows."""
        return (*self.services, *[("", "")] * SPARE_ROWS)

    def get(self, name: str, otherwise: str = "") -> str:
        """What stands in a field; a box that is ticked has `1`."""
        return self.texts.get(name, otherwise)


def empty_form() -> ReceiverForm:
    """Return the form of a new receiver."""
    far = FarEndpoint.model_construct(service="")
    texts = {"kind": OutsideKind.WEB_SERVICE.value, "language": "zh", "enabled": "1"}
    return ReceiverForm(texts | _far_texts(far))


def stored_form(code: str, draft: ReceiverDraft) -> ReceiverForm:
    """Return the form of a receiver as it is stored."""
    stored = draft.model_dump(mode="json", exclude_none=True)
    texts = {name: _text(stored[name]) for name in _TEXTS if name in stored}
    texts |= {name: "1" for name in _CHECKS if stored.get(name)}
    far = draft.open311
    known = () if far is None else tuple(far.services.items())
    return ReceiverForm({"code": code, **texts, **_far_texts(far or FarEndpoint.model_construct(service=""))}, known)


def typed_form(form: FormData) -> ReceiverForm:
    """Return what somebody has typed, without the key, which no answer shows."""
    texts = {name: value for name, value in form.items() if isinstance(value, str) and name != "api_key"}
    pairs = zip(form.getlist("far_category"), form.getlist("far_code"), strict=False)
    said = ((str(category).strip(), str(code).strip()) for category, code in pairs)
    return ReceiverForm(texts, tuple((category, code) for category, code in said if category or code))


def draft_of(form: ReceiverForm) -> ReceiverDraft:
    """Return what the form says. Raises ValidationError. The fields of Open311 count for that kind only."""
    body: dict[str, Any] = {name: form.get(name) for name in _TEXTS if form.get(name).strip()}
    body |= {name: form.get(name) == "1" for name in _CHECKS}
    if form.get("kind") == OutsideKind.OPEN311:
        far: dict[str, Any] = {name: form.get(f"far_{name}") for name in _FAR_TEXTS if form.get(f"far_{name}").strip()}
        far |= {name: form.get(f"far_{name}") == "1" for name in _FAR_CHECKS}
        body["open311"] = FarEndpoint.model_validate({**far, "services": dict(form.services)})
    return ReceiverDraft.model_validate(body)


def _far_texts(far: FarEndpoint) -> dict[str, str]:
    stored = {name: getattr(far, name, "") for name in (*_FAR_TEXTS, *_FAR_CHECKS)}
    texts = {f"far_{name}": str(stored[name]) for name in _FAR_TEXTS}
    return texts | {f"far_{name}": "1" for name in _FAR_CHECKS if stored[name]}


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
