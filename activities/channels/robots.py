"""The robots of chat groups: WeCom, DingTalk, Feishu. Each answers 200 with a code of its own; only 0 is success.

A robot can't tell a message that is sent twice. After a lost answer it is sent again unless the channel says `hold`:
a group that reads something twice loses less than one that never reads it.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from activities.channels.base import Letter, Told, Tools, by_status, plain_text
from infra.outgoing import Answer
from models.sends import Outcome

#: The most bytes of a text (WeCom: 2,048; the others take more).
_MOST_BYTES = 2_000


@dataclass(frozen=True)
class Codes:
    """The codes of a service: where they stand, which mean "later" (with the seconds of the service's own limit), and
    which mean that this robot is no more or takes no such message.
    """

    names: tuple[str, ...]
    limited: Mapping[str, float]
    refused: frozenset[str]


#: Published lists of codes: developer.work.weixin.qq.com/document/path/90313; 20 messages a minute for each robot.
WECOM = Codes(("errcode",), {"45009": 60.0, "45033": 60.0}, frozenset({"93000", "93017", "40008", "44004", "40058"}))
#: open.dingtalk.com, custom robots: more than 20 messages a minute are held back for ten minutes.
DINGTALK = Codes(
    ("errcode",), {"130101": 600.0, "302033": 600.0, "90018": 60.0, "660026": 60.0},
    frozenset({"300001", "310000", "400013", "400101", "400102", "400105", "400106", "40035", "43004"}),
)  # fmt: skip
#: open.feishu.cn, custom robots: 100 messages a minute and 5 a second.
FEISHU = Codes(
    ("code", "StatusCode"), {"11232": 60.0, "9499": 60.0, "99991400": 60.0},
    frozenset({"19001", "19002", "19021", "19022", "19024", "9500"}),
)  # fmt: skip


async def deliver_wecom(tools: Tools, letter: Letter) -> Told:
    """Make one attempt by a robot of WeCom. Raises OutgoingFailed."""
    body = {"msgtype": "text", "text": {"content": plain_text(letter.message, _MOST_BYTES)}}
    url = f"{tools.config.url}?key={quote(tools.secrets['key'], safe='')}"
    return await _post(tools, url, body, letter, WECOM)


async def deliver_dingtalk(tools: Tools, letter: Letter) -> Told:
    """Make one attempt by a robot of DingTalk. Raises OutgoingFailed."""
    body = {"msgtype": "text", "text": {"content": plain_text(letter.message, _MOST_BYTES)}}
    url = f"{tools.config.url}?access_token={quote(tools.secrets['access_token'], safe='')}"
    if secret := tools.secrets.get("sign_secret"):
        timestamp = str(int(letter.now.timestamp() * 1000))
        url += f"&timestamp={timestamp}&sign={quote(dingtalk_sign(secret, timestamp), safe='')}"
    return await _post(tools, url, body, letter, DINGTALK)


async def deliver_feishu(tools: Tools, letter: Letter) -> Told:
    """Make one attempt by a robot of Feishu. Raises OutgoingFailed."""
    body: dict[str, object] = {"msg_type": "text", "content": {"text": plain_text(letter.message, _MOST_BYTES)}}
    if secret := tools.secrets.get("sign_secret"):
        timestamp = str(int(letter.now.timestamp()))
        body |= {"timestamp": timestamp, "sign": feishu_sign(secret, timestamp)}
    url = f"{tools.config.url.rstrip('/')}/{quote(tools.secrets['token'], safe='')}"
    return await _post(tools, url, body, letter, FEISHU)


def dingtalk_sign(secret: str, timestamp: str) -> str:
    """Return the signature that DingTalk asks for: HMAC-SHA256 of timestamp (milliseconds) and secret by the secret."""
    return base64.b64encode(
        hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    ).decode()  # fmt: skip


def feishu_sign(secret: str, timestamp: str) -> str:
    """Return the signature that Feishu asks for: HMAC-SHA256 of nothing, by timestamp (seconds) and secret."""
    return base64.b64encode(hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


async def _post(tools: Tools, url: str, body: Mapping[str, object], letter: Letter, codes: Codes) -> Told:
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = {"content-type": "application/json; charset=utf-8"}
    answer = await tools.outgoing.request("POST", url, headers=headers, content=content)
    told = by_status(answer, letter.now)
    return _by_code(answer, codes) if told.outcome is Outcome.DELIVERED else told


def _by_code(answer: Answer, codes: Codes) -> Told:
    """Return what the code in an answer of 200 means."""
    content = answer.json()
    found = content if isinstance(content, dict) else {}
    value = next((found[name] for name in codes.names if name in found), None)
    if value is None or isinstance(value, bool):
        return Told(Outcome.UNCLEAR, answer.status, "unreadable", answer.text)
    code = str(value)
    if code == "0":
        return Told(Outcome.DELIVERED, answer.status, answer=answer.text)
    name = f"code_{code}"[:60]
    if code in codes.limited:
        return Told(Outcome.LIMITED, answer.status, name, answer.text, after=codes.limited[code])
    outcome = Outcome.REFUSED if code in codes.refused else Outcome.FAILED
    return Told(outcome, answer.status, name, answer.text)
