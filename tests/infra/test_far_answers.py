"""What far sides write into answers, and people into addresses: none of it breaks an attempt or leaks a secret."""

import base64
import json
import re
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import ValidationError

from activities.channels.base import Letter, without_secrets
from activities.channels.mail import compose, mail_box
from infra.outgoing import Answer
from infra.store.channels import StoredChannel
from models.channels import MailConfig, WebhookConfig
from models.errors import AddressRefused
from models.sends import Message, Outcome
from rules.sending import Patience, again_in
from services.reports.reporter_input import ReporterInput

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PATIENCE = Patience(attempts=3, first_wait=2, longest_wait=300, longest_limit=1_800, repeats=True)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (b"0", 0), (b"30", 30), (b" 30 ", 30), (b"1" * 500, 111_111_111),
        (b"Mon, 02 Mar 2026 08:01:00 GMT", 60), (b"Mon, 02 Mar 2026 07:00:00 GMT", 0),
        (b"Mon, 02 Mar 2026 16:01:00 +0800", 60), (b"Mon, 02 Mar 2026 08:01:00 -0000", 60),
        (b"", None), (b"-1", None), (b"1.5", None), (b"soon", None), (b"\xb2", None), ("²".encode(), None),
        ("٣".encode(), None), (b"Mon, 31 Feb 2026 00:00:00 GMT", None), (b"Mon, 02 Mar 2026 99:00:00 GMT", None),
        (b"Mon, 02 Mar 99999999999999999999 08:00:00 GMT", None), (b"Mon, 02 Mar 2026 08:00:00 +99999999", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_or_left(written: bytes, seconds: float | None) -> None:
    assert Answer(429, httpx.Headers([(b"retry-after", written)]), b"").retry_after(NOW) == seconds


@pytest.mark.parametrize("told", [0.0, 0.001, 1.0, 30.0, None])
def test_a_far_side_that_is_always_limited_comes_to_an_end(told: float | None) -> None:
    waited, asked = 0.0, 0
    while (pause := again_in(Outcome.LIMITED, PATIENCE, tried=0, waited=waited, told=told)) is not None:
        assert pause >= (told or 0)
        waited, asked = waited + pause, asked + 1
        assert asked < 500
    assert 1_000 < waited <= PATIENCE.longest_limit


@pytest.mark.parametrize("told", [1_801.0, 999_999_999.0])
def test_a_far_side_that_asks_for_too_long_ends_the_channel(told: float) -> None:
    assert again_in(Outcome.LIMITED, PATIENCE, tried=0, waited=0, told=told) is None


SECRET = 'k/ey+1="张 &?'


def kept(echo: str, address: str = "", *lines: str, secret: str = SECRET) -> str:
    """What the log keeps of an answer to a message of that title and those lines."""
    channel = StoredChannel(
        id="hook", kind=WebhookConfig(url="https://example.org/").kind, name="", enabled=True,
        config=WebhookConfig(url="https://example.org/"), secrets={"secret": secret},
    )  # fmt: skip
    return without_secrets(echo, channel, Letter("k", Message(title="案件已超期", lines=lines), address, NOW))


@pytest.mark.parametrize(
    "echo",
    [
        f"no such key {SECRET}", "GET /send?key=k%2Fey%2B1%3D%22%E5%BC%A0%20%26%3F", "k/ey%2B1%3D%22%E5%BC%A0%20%26%3F",
        "key=k%2Fey%2B1%3D%22%E5%BC%A0+%26%3F", '{"sent": "k/ey+1=\\"\\u5f20 &?"}', '{"sent": "k/ey+1=\\"张 &?"}',
    ],
)  # fmt: skip
def test_a_secret_that_a_far_side_repeats_is_taken_out(echo: str) -> None:
    assert "ey" not in kept(echo).replace("key", "")


@pytest.mark.parametrize(
    "login", ["mail-password", "\0clerk\0mail-password", "clerk:mail-password", "ab:mail-password"]
)
def test_a_secret_that_is_repeated_in_base_64_is_taken_out(login: str) -> None:
    written = base64.b64encode(login.encode()).decode()
    left = kept(f"535 what is {written}?", secret="mail-password")
    assert "***" in left
    assert all(written[at : at + 8] not in left for at in range(12, len(written) - 8))


@pytest.mark.parametrize(
    ("address", "echo", "left"),
    [
        ("li.ming@example.org", "550 <Li.Ming@example.org>: unknown", "550 <l***@example.org>: unknown"),
        ("li.ming@园区.example", "no li.ming@xn--dkrx9f.example", "no l***@园区.example"),
        ("li.ming@example.org", "/send?to=li.ming%40example.org", "/send?to=l***@example.org"),
        ("li.ming@example.org", "No such user 'li.ming' here", "No such user 'l***' here"),
        ("13800001111", '{"phone": "13800001111"}', '{"phone": "138****1111"}'),
        ("+8613800001111", "8613800001111 is blocked", "86138****1111 is blocked"),
        ("", "nothing of anybody", "nothing of anybody"),
    ],
)  # fmt: skip
def test_the_address_that_a_far_side_repeats_is_masked(address: str, echo: str, left: str) -> None:
    assert kept(echo, address) == left


def test_the_words_of_a_message_are_not_kept_with_the_answer() -> None:
    echo = json.dumps({"title": "案件已超期", "text": "张三家门口\n快去"})
    nested = kept(json.dumps({"body": json.dumps({"title": "案件已超期"})}))
    assert nested == json.dumps({"body": json.dumps({"title": "***"})})
    left = kept(echo, "", "张三家门口", "快去看看")
    assert left == json.dumps({"title": "***", "text": "***\n快去"})


@pytest.mark.parametrize(
    ("body", "text", "content"),
    [
        ('{"errcode": 0, "m": "成功"}'.encode(), None, 0), ('{"errcode": 0, "m": "成功"}'.encode("gbk"), None, 0),
        (b'\xef\xbb\xbf{"errcode": 0}', None, 0), (b'{"errcode": 0, "m": "caf\xe9 \xff"}', None, 0),
        ("成功".encode("gbk"), "成功", None), ("成功".encode()[:-1], "成", None), (b"\xff\xfe\xff", "���", None),
        (b"", "", None), (b"[" * 100_000, None, None),
    ],
)  # fmt: skip
def test_an_answer_is_read_in_the_encodings_of_gateways(body: bytes, text: str | None, content: int | None) -> None:
    answer = Answer(200, httpx.Headers(), body)
    said = answer.json()
    assert (said["errcode"] if isinstance(said, dict) else None) == content
    assert text is None or answer.text == text


BAD_MAIL = (
    "x", "", "a@", "@b", "@b.example", "a b@c.example", "a@b.example\r\nBcc: c@d.example", "<a@b.example>",
    "a@b.example, c@d.example", "a@b.example;c@d.example", "张@b.example", "a@b..example", "a..b@c.example",
    "(c)a@b.example", "a@b.example\0", "a@" + "x" * 70 + ".example", ".a@b.example", "a@-b.example",
)  # fmt: skip


@pytest.mark.parametrize("address", BAD_MAIL)
def test_what_is_no_address_is_refused_where_it_is_typed(address: str) -> None:
    with pytest.raises(ValidationError):
        ReporterInput(mail=address or "@")


@pytest.mark.parametrize("address", [one for one in BAD_MAIL if one != "a@-b.example"])
def test_what_is_no_address_is_refused_before_a_mail_server_is_asked(address: str) -> None:
    with pytest.raises(AddressRefused):
        mail_box(address)


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [
        ("a.b+c@d.example", "a.b+c@d.example"), (" a@b.example ", "a@b.example"), ("o'x@b.example", "o'x@b.example"),
        ("a@园区.example", "a@xn--dkrx9f.example"),
    ],
)  # fmt: skip
def test_a_mail_has_one_receiver_in_the_form_of_the_dns(address: str, sent_to: str) -> None:
    assert ReporterInput(mail=address).mail == address.strip()
    config = MailConfig(host="mail.example", sender="desk@park.example", sender_name="园区")
    message = Message(title="题目\u2028 Bcc: x@y.example", lines=("一行",))
    head = compose(config, Letter("k", message, address, NOW)).partition(b"\r\n\r\n")[0]
    assert mail_box(address).addr_spec == sent_to
    assert f"To: {sent_to}\r\n".encode() in head
    assert b"\r\nBcc:" not in head


@pytest.mark.parametrize(
    ("address", "echo"),
    [
        ("ouyang@park.example", "550 5.1.1 <Ouyang@park.example>: no such user"),
        ("13912340000", '{"message": "no subscriber 139-1234-0000"}'), ("13912340000", "bad number +8613912340000"),
        ("", "sent: 不再接收:https://g.example/p/stop/5SgFGkOHRTWlLFJQxUoC0S?lang=en"),
        ("", "sent: https://g.example/p?lang=en&code=5P9NV-1G5TN"), ("", '{"code": "5P9NV-1G5TN"}'),
    ],
)  # fmt: skip
def test_what_leads_to_the_receiver_is_taken_out_of_an_answer(address: str, echo: str) -> None:
    config = WebhookConfig(url="https://example.org/")
    channel = StoredChannel(id="hook", kind=config.kind, name="", enabled=True, config=config, secrets={})
    message = Message(
        title="t",
        link="https://g.example/p?lang=en&code=5P9NV-1G5TN",
        closing=("不再接收:https://g.example/p/stop/5SgFGkOHRTWlLFJQxUoC0S?lang=en",),
    )
    kept = without_secrets(echo, channel, Letter("k", message, address, NOW))
    assert "ouyang" not in kept.lower()
    assert not re.search(r"139\D?1234\D?0000|5P9NV|5SgFGk", kept), kept
