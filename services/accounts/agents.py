"""The short form of a browser's or program's name, by which people recognise a session of theirs."""

import re
from collections.abc import Mapping

#: A browser that contains another one's name comes first.
_BROWSERS = (
    ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("OPR/", "Opera"), ("HuaweiBrowser", "Huawei Browser"),
    ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
_PRODUCT = re.compile(r"[\w.-]+(?:/[\w.-]+)?")
_LONGEST = 60


def short_agent(header: str) -> str:
    """Return "Chrome · Windows" for a browser, the first product of its header for a program, "" for none."""
    browser = next((name for mark, name in _BROWSERS if mark in header), "")
    system = next((name for mark, name in _SYSTEMS if mark in header), "")
    if browser:
        return " · ".join(filter(None, (browser, system)))
    product = _PRODUCT.match(header.strip())
    return product.group()[:_LONGEST] if product else ""


def is_phone(headers: Mapping[str, str]) -> bool:
    """Whether the headers are those of a browser on a phone: it says so itself, or by its name."""
    said = headers.get("sec-ch-ua-mobile", "")
    if said in ("?0", "?1"):
        return said == "?1"
    agent = headers.get("user-agent", "")
    return "iPhone" in agent or ("Mobile" in agent and "iPad" not in agent)
