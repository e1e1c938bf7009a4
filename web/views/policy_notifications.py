"""What the rows of a policy about messages outside the pages say."""

from collections.abc import Iterator

from models.policy.notifications import Ground
from services.admin.policy_rows import Values
from services.wording.mailboxes import GROUNDS
from services.wording.policy_notifications import CHANNELS
from web.reader import Visitor
from web.views.translation_marks import _

NOTIFICATION_PARTS = {"told": _("告知方式"), "storm": _("事项风暴"), "caps": _("发送条数上限")}


def notification_parts(part: str, values: Values, visitor: Visitor) -> Iterator[str]:
    """Yield the pieces of the sentence that a row says."""
    index = 1 if visitor.language == "en" else 0
    match part:
        case "told":
            grounds = [GROUNDS[ground][index] for ground in Ground if values[ground]]
            listed = visitor.text(_("、")).join(grounds)
            yield visitor.text(_("立即告知:%(what)s"), what=listed) if grounds else visitor.text(_("没有必告知事项"))
            yield visitor.text(
                _("每 %(n)s 分钟合并,最长 %(m)s 分钟"), n=values["digest_minutes"], m=values["longest_digest_minutes"]
            )
            yield visitor.text(_("首件等候 %(n)s 秒"), n=values["gather_seconds"])
            yield visitor.text(_("未读 %(n)s 分钟后再发"), n=values["second_minutes"])
            if values["quiet_since"]:
                yield visitor.text(
                    _("免打扰 %(since)s–%(until)s"), since=values["quiet_since"], until=values["quiet_until"]
                )
        case "storm":
            yield visitor.text(_("同一地点一分钟超过 %(n)s 件"), n=values["items"])
            yield visitor.text(
                _("或 %(m)s 分钟合计超过 %(n)s 件"), n=values["window_items"], m=values["window_minutes"]
            )
            yield visitor.text(
                _("静 %(n)s 秒后汇总,最迟 %(m)s 秒"), n=values["settle_seconds"], m=values["settle_most_seconds"]
            )
            yield visitor.text(_("%(n)s 分钟后结束"), n=values["lasts_minutes"])
        case _:
            yield from (f"{CHANNELS[name][index]} {text}" for name, text in values.items() if text)
