"""Which function makes an attempt by which kind of channel."""

from collections.abc import Awaitable, Callable

from activities.channels import webhook
from activities.channels.base import Letter, Told, Tools
from models.sends import ChannelKind

Deliver = Callable[[Tools, Letter], Awaitable[Told]]

DELIVER: dict[ChannelKind, Deliver] = {
    ChannelKind.WEBHOOK: webhook.deliver,
}
