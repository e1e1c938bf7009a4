"""Robots of chat groups that check what the real ones check, and answer as those do: 200 with a code."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.fakes.far_side import Answering, Received, Reply

#: How far a timestamp may be off: DingTalk and Feishu say one hour.
WINDOW_SECONDS = 3600
Judge = Callable[[Received, dict[str, Any]], tuple[int, str] | None]


def _coded(name: str, code: int, text: str) -> Reply:
    return Reply(200, json.dumps({name: code, "errmsg" if name == "errcode" else "msg": text}).encode())


def wecom(key: str, first: list[Reply] | None = None) -> Answering:
    """A robot of WeCom: the key is in the address; a text of at most 2,048 bytes."""

    def judge(received: Received, body: dict[str, Any]) -> tuple[int, str] | None:
        if received.query.get("key") != key:
            return 93000, "invalid webhook url"
        if body.get("msgtype") != "text" or len(body["text"]["content"].encode()) > 2048:
            return 40058, "invalid request parameter"
        return None

    return _robot("errcode", judge, first)


def dingtalk(token: str, secret: str, first: list[Reply] | None = None) -> Answering:
    """A robot of DingTalk: token, timestamp in milliseconds and signature are in the address."""

    def judge(received: Received, body: dict[str, Any]) -> tuple[int, str] | None:
        query = received.query
        if query.get("access_token") != token:
            return 300001, "token is not exist"
        signed = base64.b64encode(
            hmac.new(secret.encode(), f"{query.get('timestamp')}\n{secret}".encode(), hashlib.sha256).digest()
        ).decode()
        late = abs(int(query.get("timestamp", "0")) / 1000 - datetime.now(UTC).timestamp())
        if query.get("sign") != signed or late > WINDOW_SECONDS:
            return 310000, "sign not match"
        return None if body.get("msgtype") == "text" and body["text"]["content"] else (40035, "bad")

    return _robot("errcode", judge, first)


def feishu(token: str, secret: str, first: list[Reply] | None = None) -> Answering:
    """A robot of Feishu: the token ends the path; timestamp in seconds and signature are in the body."""

    def judge(received: Received, body: dict[str, Any]) -> tuple[int, str] | None:
        if not received.path.endswith(f"/{token}"):
            return 19001, "param invalid: incoming webhook access token invalid"
        key = f"{body.get('timestamp')}\n{secret}".encode()
        signed = base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
        late = abs(int(body.get("timestamp", "0")) - datetime.now(UTC).timestamp())
        if body.get("sign") != signed or late > WINDOW_SECONDS:
            return 19021, "sign match fail or timestamp is not within one hour from current time"
        return None if body.get("msg_type") == "text" and body["content"]["text"] else (9499, "Bad Request")

    return _robot("code", judge, first)


def _robot(name: str, judge: Judge, first: list[Reply] | None) -> Answering:
    left = list(first or [])

    def answer(received: Received) -> Reply:
        if left:
            return left.pop(0)
        if not received.headers.get("content-type", "").startswith("application/json"):
            return _coded(name, 43004, "content type")
        fault = judge(received, json.loads(received.body))
        return _coded(name, 0, "ok") if fault is None else _coded(name, *fault)

    return answer
