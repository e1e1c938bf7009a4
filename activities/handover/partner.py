"""A partner without an account: gets one-time links, by mail or SMS, or from the desk."""

from datetime import UTC, datetime, timedelta

from activities.handover.base import Offer, Result, Told, Tools
from infra.database import transaction
from infra.send_client import begin_send
from infra.store.one_time_links import LINK_PATH, make_link
from infra.store.sends import read_receipt
from models.handovers import BY_DESK, BY_MESSAGE
from models.ids import derived_id
from models.one_time_links import Link, LinkHolder
from models.sends import Message, Purpose, Route, Send, SendStatus

#: The acts that a partner gets a link for, with the words of the message.
_ACTS = (
    ("complete", "办结", "It is done"),
    ("report_progress", "报告进展", "Report progress"),
    ("return", "退回", "Give it back"),
)


class Partner:
    """The adapter of partners."""

    async def give(self, tools: Tools, offer: Offer) -> Told:
        """Make the links, and begin the message with them. Repeated, there are no more of either."""
        addresses = await _links(tools, offer)
        draft = offer.receiver.draft
        if draft.channel is None or not tools.settings.public_url:
            return Told(Result.GIVEN, far_id=BY_DESK)
        await begin_send(tools.client, _message(offer, addresses), queue=tools.settings.case_queue)
        return Told(Result.GIVEN, far_id=_key(offer))

    async def ask(self, tools: Tools, offer: Offer) -> Told | None:
        """Whether the message was delivered; to be asked again while it is under way."""
        if offer.handover.far_id in (None, BY_DESK):
            return Told(Result.GIVEN if offer.handover.far_id else Result.ABSENT, far_id=offer.handover.far_id)
        async with tools.engine.connect() as connection:
            receipt = await read_receipt(connection, _key(offer))
        match None if receipt is None else receipt.status:
            case SendStatus.DELIVERED:
                return Told(Result.GIVEN, far_id=_key(offer))
            case SendStatus.FAILED:
                return Told(Result.REFUSED, why="message not delivered")
            case SendStatus.UNCLEAR:
                return Told(Result.LOST, why="message may not have been delivered")
        return Told(Result.AGAIN)

    async def take_back(self, tools: Tools, offer: Offer) -> Told:
        """The links ended with the fact by which the case moved on; they say so."""
        return Told(Result.GIVEN, far_id=offer.handover.far_id)


async def _links(tools: Tools, offer: Offer) -> list[str]:
    handover, now = offer.handover, datetime.now(UTC)
    base = (tools.settings.public_url or "").rstrip("/")
    addresses = []
    async with transaction(tools.engine) as connection:
        for act, *_ in _ACTS:
            link = Link(
                id=derived_id(handover.id, "link", act),
                report_id=handover.report_id,
                holder=LinkHolder.PARTNER,
                act=act,
                named=offer.receiver.draft.name,
                department=handover.department,
                account=handover.account,
                round=handover.round,
                made_at=now,
                expires_at=now + timedelta(days=offer.rules.link_days),
            )
            addresses.append(base + LINK_PATH + await make_link(connection, tools.settings, link))
    return addresses


def _key(offer: Offer) -> str:
    return f"{BY_MESSAGE}{offer.handover.id}"


def _message(offer: Offer, addresses: list[str]) -> Send:
    draft, english = offer.receiver.draft, offer.receiver.draft.language == "en"
    acts = [f"{en if english else zh}: {one}" for (_, zh, en), one in zip(_ACTS, addresses, strict=True)]
    title = f"Case {offer.case.case_no} is handed to you" if english else f"事项 {offer.case.case_no} 请您办理"
    note = "Each link can be used once; do not pass them on." if english else "每个链接只能使用一次,请勿转发。"
    assert draft.channel is not None
    return Send(
        key=_key(offer),
        message=Message(title=title, lines=(str(offer.about["category"]), *acts, note), language=draft.language),
        routes=(Route(channel=draft.channel, address=draft.address or ""),),
        purpose=Purpose.EVENT,
        about=offer.case.case_no,
    )
