"""Which function makes an attempt by which kind of channel."""

from collections.abc import Awaitable, Callable
from typing import Final

from activities.channels import mail, push, robots, sms, webhook
from activities.channels.base import Letter, Told, Tools
from models.sends import ChannelKind

Deliver = Callable[[Tools, Letter], Awaitable[Told]]

DELIVER: Final[dict[ChannelKind, Deliver]] = {
    ChannelKind.MAIL: mail.deliver,
    ChannelKind.SMS: sms.deliver,
    ChannelKind.WECOM: robots.deliver_wecom,
    ChannelKind.DINGTALK: robots.deliver_dingtalk,
    ChannelKind.FEISHU: robots.deliver_feishu,
    ChannelKind.PUSH: push.deliver,
    ChannelKind.WEBHOOK: webhook.deliver,
}
