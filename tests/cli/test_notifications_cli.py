"""`gridloop notifications`: what one chooses, addresses added, verified and taken away, and what is refused."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.conftest import Run, answer, refusal

MAIL = {
    "id": "mail-cli", "name": "post", "enabled": True,
    "config": {"kind": "mail", "host": "mail.example", "port": 587, "sender": "grid@grid.example"},
}  # fmt: skip
GROUP = {
    "id": "group-cli", "name": "group", "enabled": True,
    "config": {"kind": "wecom", "url": "https://robot.example/"}, "secrets": {"key": "a-key-of-the-robot"},
}  # fmt: skip


@pytest.fixture
def channels(api: Run, tmp_path: Path) -> None:
    """A mail server and a robot of a group are set up."""
    for content in (MAIL, GROUP):
        file = tmp_path / f"{content['id']}.json"
        file.write_text(json.dumps(content))
        assert api("channels", "save", file).exit_code == 0


def test_what_one_chooses_is_kept_beside_what_one_chose_before(api: Run) -> None:
    chosen = answer(api("notifications", "--language", "en", "--digest", 30, "--quiet", "22:00-07:00", "--json"))
    assert (chosen["language"], chosen["digest_minutes"]) == ("en", 30)
    muted = answer(api("notifications", "--mute", "A1", "--off", "--json"))
    again = answer(api("notifications", "--mute", "A1", "--mute", "A2", "--json"))
    assert (muted["on"], muted["language"], muted["digest_minutes"]) == (False, "en", 30)
    assert muted["quiet"]["since"].startswith("22:00")
    assert [one["number"] for one in again["mutes"]] == ["A1", "A2"]
    told = api("notifications").output
    for line in ("quiet hours 22:00-07:00", "digest of 30 minutes", "muted A1", "off (except", "told at once: a major"):
        assert line in told
    back = answer(api("notifications", "--unmute", "A1", "--quiet", "none", "--on", "--json"))
    assert ([one["number"] for one in back["mutes"]], back["quiet"], back["on"]) == (["A2"], None, True)


def test_addresses_are_added_and_taken_away(api: Run, channels: None) -> None:
    added = answer(api("notifications", "--add", "mail-cli:li@example.com", "--json"))["addresses"]
    assert [(one["channel"], one["hint"], one["verified"]) for one in added] == [
        ("mail-cli", "l***@example.com", False),
    ]  # fmt: skip
    assert "to be verified" in api("notifications").output
    (one,) = added
    assert "code" in refusal(api("notifications", "--verify", f"{one['id']}:000"))
    assert "code" in refusal(api("notifications", "--verify", one["id"])), "no code"
    both = answer(api("notifications", "--add", "group-cli", "--json"))["addresses"]
    assert [(one["channel"], one["verified"]) for one in both] == [("mail-cli", False), ("group-cli", True)]
    for address in both:
        answer(api("notifications", "--remove", address["id"], "--json"))
    assert answer(api("notifications", "--json"))["addresses"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--quiet", "22:00"), "until"),
        (("--quiet", "22:00-22:00"), "same time"),
        (("--quiet", "late-early"), "since"),
        (("--digest", "500"), "240 minutes at most"),
        (("--language", "fr"), "language"),
        (("--add", "nowhere:li@example.com"), "no channel"),
        (("--add", "mail-cli:no address"), "no mail address"),
        (("--add", ""), "channel"),
        (("--verify", ":123456"), "the number is empty"),
        (("--remove", ""), "the number is empty"),
        (("--remove", str(uuid4())), "no such address"),
        (("--remove", "../../settings"), "there is no"),
        (("--remove", f"{uuid4()}?x=1"), "id"),
        (("--verify", "../tokens:1"), "there is no"),
    ],
)
def test_what_is_refused_is_told_in_a_sentence(api: Run, channels: None, words: tuple[str, ...], said: str) -> None:
    assert said in refusal(api("notifications", *words)).lower()
