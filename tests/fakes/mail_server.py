"""An SMTP server that keeps what it takes, refuses as a test says, and loses answers."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from infra.embedded.temporal_tls import SERVER


class Mailbox:
    """What an SMTP server received; `codes` are answered to receivers or data before anything is taken."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.rcpt: list[str] = []
        self.data: list[str] = []
        self.cut = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data:
            return self.data.pop(0)
        assert isinstance(envelope.content, bytes)
        self.received.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        if self.cut:
            self.cut -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 queued as 4711"


@asynccontextmanager
async def mail_server(box: Mailbox, folder: Path | None = None, *, implicit: bool = False) -> AsyncIterator[int]:
    """Run an SMTP server that takes `clerk` with a password; with `folder`, over TLS with the certificate there."""
    tls = None
    if folder is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(folder / SERVER)

    def login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        good = isinstance(given, LoginPassword) and (given.login, given.password) == (b"clerk", b"mail-password")
        return AuthResult(success=good, handled=False)

    def session() -> SMTP:
        starts = tls is not None and not implicit
        return SMTP(
            box, authenticator=login, auth_require_tls=False, require_starttls=starts,
            tls_context=tls if starts else None,
        )  # fmt: skip

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls if implicit else None)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
