"""SMS by a gateway over HTTP, described by a template.

Most gateways can't tell a message that is sent twice. After a lost answer the channel's setting decides: `hold` leaves
it on the reconciliation list, `query` asks the gateway first, `repeat` sends again.
"""

import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

from activities.channels.base import Letter, Told, Tools, by_status, plain_text
from infra.outgoing import Answer
from models.channels import SmsConfig
from models.sends import Outcome

_PLACE = re.compile(r"\{(phone|text|title|link|key|time|secret)\}")
#: The most bytes of a text: several parts of a long message (our choice).
_MOST_BYTES = 900


async def deliver(tools: Tools, letter: Letter) -> Told:
    """Make one attempt. Raises OutgoingFailed."""
    config: SmsConfig = tools.config
    values = _values(tools, letter)
    headers = {name: filled(text, values, _for_header) for name, text in config.headers.items()}
    if letter.repeated and config.on_lost == "query":
        found = await _ask(tools, values, headers)
        if found is not None:
            return found
    in_json = config.content_type == "application/json"
    body = filled(config.body, values, _for_json if in_json else quote_plus)
    answer = await tools.outgoing.request(
        config.method,
        filled(config.url, values, _for_url),
        headers={"content-type": f"{config.content_type}; charset=utf-8", **headers},
        content=None if config.method == "GET" else body.encode(),
    )
    return _judge(config, answer, letter)


def _judge(config: SmsConfig, answer: Answer, letter: Letter) -> Told:
    """Return what an answer means by the template: status and the value at the path decide."""
    if answer.status not in config.ok_status:
        told = by_status(answer, letter.now)
        if told.outcome is Outcome.DELIVERED:  # success, and none that the template names: it may have been sent
            return Told(Outcome.UNCLEAR, answer.status, f"http_{answer.status}", answer.text)
        return told
    content = answer.json()
    if config.ok_path:
        value = at_path(content, config.ok_path)
        if value is None:
            return Told(Outcome.UNCLEAR, answer.status, "unreadable", answer.text)
        if value in config.limited_values:
            return Told(Outcome.LIMITED, answer.status, f"code_{value}"[:60], answer.text)
        if value != config.ok_value:
            return Told(Outcome.FAILED, answer.status, f"code_{value}"[:60], answer.text)
    far_id = at_path(content, config.id_path) if config.id_path else None
    return Told(Outcome.DELIVERED, answer.status, answer=answer.text, far_id=None if far_id is None else far_id[:120])


async def _ask(tools: Tools, values: dict[str, str], headers: dict[str, str]) -> Told | None:
    """Ask the gateway whether it has the message. None: it has not, so it may be sent."""
    config: SmsConfig = tools.config
    answer = await tools.outgoing.request("GET", filled(config.query_url, values, _for_url), headers=headers)
    if answer.status == 404:
        return None
    if not 200 <= answer.status < 300:
        return Told(Outcome.UNCLEAR, answer.status, f"http_{answer.status}", answer.text)
    value = at_path(answer.json(), config.query_path)
    if value == config.query_value:
        return Told(Outcome.DELIVERED, answer.status, answer=answer.text)
    return None


def _values(tools: Tools, letter: Letter) -> dict[str, str]:
    return {
        "phone": letter.address,
        "text": plain_text(letter.message, _MOST_BYTES),
        "title": letter.message.title,
        "link": letter.message.link or "",
        "key": letter.key,
        "time": str(int(letter.now.timestamp())),
        "secret": tools.secrets.get("secret", ""),
    }


def filled(template: str, values: dict[str, str], encode: Callable[[str], str]) -> str:
    """Return the template with its places filled in, each encoded for where it stands."""
    return _PLACE.sub(lambda found: encode(values[found[1]]), template)


def at_path(content: object, path: str) -> str | None:
    """Return the value at a path like `data.0.code` as text; None when nothing is there."""
    for part in path.split("."):
        if isinstance(content, dict):
            content = content.get(part)
        elif isinstance(content, list) and part.isdigit() and int(part) < len(content):
            content = content[int(part)]
        else:
            return None
    if content is None or isinstance(content, dict | list):
        return None
    return content if isinstance(content, str) else json.dumps(content)


def _for_url(value: str) -> str:
    return quote(value, safe="")


def _for_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _for_header(value: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "", value)
