"""E-mail over SMTP. The Message-ID is derived from the key of the send, the same in every attempt: a mail server or a
reader's program that gets a message twice can tell, so an attempt whose answer was lost is repeated.
"""

import asyncio
import hashlib
import html
import re
import socket
from email.errors import MessageError
from email.headerregistry import Address as MailBox
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib

from activities.channels.base import Letter, Told, Tools, plain_text
from infra.outgoing import Address, tls_fault
from models.channels import MailConfig
from models.errors import AddressRefused, AnswerLost, TooSlow, Unreachable
from models.sends import Message, Outcome

#: Seconds for one command of the exchange, and for a connection.
COMMAND_SECONDS, CONNECT_SECONDS = 15.0, 5.0
#: A refusal of SMTP that will not pass (RFC 5321: 5yz), and those of the mailbox itself.
_PERMANENT, _NO_MAILBOX = range(500, 600), frozenset({550, 551, 553})
#: The enhanced code of a refusal (RFC 3463), and those that say that the mailbox or its domain is no more.
_ENHANCED, _GONE = (
    re.compile(r"5\.\d{1,3}\.\d{1,3}"),
    frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}),
)


async def deliver(tools: Tools, letter: Letter) -> Told:
    """Make one attempt. Raises OutgoingFailed."""
    config: MailConfig = tools.config
    receiver = mail_box(letter.address)
    message = compose(config, letter)
    connection = await _connect(await tools.outgoing.addresses(config.host, config.port), config)
    smtp = aiosmtplib.SMTP(
        hostname=config.host, sock=connection, timeout=COMMAND_SECONDS,
        use_tls=config.security == "tls", start_tls=config.security == "starttls", tls_context=tools.outgoing.tls,
    )  # fmt: skip
    try:
        try:
            await smtp.connect()
            if config.username:
                await smtp.login(config.username, tools.secrets.get("password", ""))
            await smtp.mail(config.sender)
            await smtp.rcpt(receiver.addr_spec)
        except (aiosmtplib.SMTPException, OSError) as error:  # a certificate that is refused comes as it is
            return _before_data(error, config)
        return await _hand_over(smtp, message, config)
    finally:
        smtp.close()


async def _hand_over(smtp: aiosmtplib.SMTP, message: bytes, config: MailConfig) -> Told:
    """Send the message itself. From here on a lost answer may mean that it was taken.

    Raises TooSlow, AnswerLost.
    """
    try:
        answer = await smtp.data(message)
    except aiosmtplib.SMTPResponseException as error:
        return _refused(error.code, error.message)
    except aiosmtplib.SMTPTimeoutError:
        raise TooSlow(host=config.host, seconds=f"{COMMAND_SECONDS:g}") from None
    except (aiosmtplib.SMTPException, OSError):
        raise AnswerLost(host=config.host) from None
    return Told(Outcome.DELIVERED, answer.code, answer=answer.message, far_id=answer.message[:120])


def _before_data(error: Exception, config: MailConfig) -> Told:
    """Return what a failure before the message was sent means; nothing was taken.

    Raises CertificateRefused, TlsFailed.
    """
    if (fault := tls_fault(error, config.host)) is not None:
        raise fault from None
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        passing = error.code not in _PERMANENT
        return Told(Outcome.FAILED if passing else Outcome.REFUSED, error.code, "smtp_login", error.message)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _refused(error.code, error.message)
    if isinstance(error, aiosmtplib.SMTPTimeoutError):
        return Told(Outcome.FAILED, code="smtp_silent")
    if isinstance(error, aiosmtplib.SMTPServerDisconnected | OSError):
        return Told(Outcome.FAILED, code="smtp_hung_up")
    return Told(Outcome.REFUSED, code="no_tls" if "STARTTLS" in str(error) else "smtp")


def _refused(code: int, text: str) -> Told:
    enhanced = _ENHANCED.match(text)
    if code in _NO_MAILBOX and (enhanced is None or enhanced[0] in _GONE):
        return Told(Outcome.GONE, code, f"smtp_{code}", text)
    return Told(Outcome.REFUSED if code in _PERMANENT else Outcome.FAILED, code, f"smtp_{code}", text)


async def _connect(addresses: tuple[Address, ...], config: MailConfig) -> socket.socket:
    """Return a connection to one of the checked addresses. Raises Unreachable."""
    loop = asyncio.get_running_loop()
    for address in addresses:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await loop.sock_connect(connection, (str(address), config.port))
        except (OSError, TimeoutError):
            connection.close()
        else:
            return connection
    raise Unreachable(host=config.host)


def mail_box(address: str) -> MailBox:
    """Return the mailbox of an address, its domain in the form of the DNS. Raises AddressRefused for no address."""
    try:
        local, _, domain = address.strip().rpartition("@")
        found = MailBox(addr_spec=f"{local}@{domain.encode('idna').decode('ascii')}")
    except (ValueError, IndexError, MessageError):
        found = None
    # The library drops what it takes for a comment: another mailbox than the one that was given.
    if found is None or f"{found.username}@" != f"{local}@":
        raise AddressRefused(host="?", why_zh="不是电子邮件地址", why_en="it is no e-mail address") from None
    return found


def compose(config: MailConfig, letter: Letter) -> bytes:
    """Return the message as it is sent: plain text and HTML, marked as automatic and as of a list.

    Raises AddressRefused for a receiver that is no e-mail address.
    """
    message = EmailMessage(policy=SMTP_POLICY)
    message["To"] = mail_box(letter.address)
    message["From"] = MailBox(display_name=config.sender_name, addr_spec=config.sender)
    message["Subject"] = " ".join(letter.message.title.split())
    message["Date"] = format_datetime(letter.now)
    host = config.sender.rpartition("@")[2]
    message["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:40]}@{host}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice comes back
    message["List-Id"] = f"<notices.{host}>"
    if config.unsubscribe:
        message["List-Unsubscribe"] = f"<{config.unsubscribe}>"
    message.set_content(plain_text(_with_acts(letter.message)))
    message.add_alternative(_as_html(letter.message), subtype="html")
    return message.as_bytes()


def _with_acts(message: Message) -> Message:
    """The message with each link to an act written below its line."""
    acts = {one.line: f"\n{one.label}: {one.address}" for one in message.act_links}
    lines = tuple(line + acts.get(number, "") for number, line in enumerate(message.lines))
    return message.model_copy(update={"lines": lines})


def _as_html(message: Message) -> str:
    acts = {
        one.line: f'<br><a href="{html.escape(one.address, quote=True)}">{html.escape(one.label)}</a>'
        for one in message.act_links
    }
    lines = "".join(f"<p>{html.escape(line)}{acts.get(number, '')}</p>" for number, line in enumerate(message.lines))
    link = ""
    if message.link:
        address = html.escape(message.link, quote=True)
        link = f'<p><a href="{address}">{address}</a></p>'
    closing = "".join(f"<p>{_linked(line)}</p>" for line in message.closing)
    language, title = "en" if message.language == "en" else "zh-CN", html.escape(message.title)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body><h1 style="font-size:1.1em">{title}</h1>{lines}{link}{closing}</body></html>'
    )


def _linked(line: str) -> str:
    """The line as HTML, an address in it as a link."""
    before, scheme, after = line.partition("http")
    address = html.escape(scheme + after, quote=True)
    return html.escape(before) + (f'<a href="{address}">{address}</a>' if scheme else "")
