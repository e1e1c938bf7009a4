"""Channels and outside systems on the command line: set up from a file, ended, and files that are no JSON."""

import json
from pathlib import Path

import pytest

from tests.builders import PARK
from tests.cli.conftest import Run, answer

CHANNEL = {
    "id": "hook-cli", "name": "hook", "enabled": True, "config": {"kind": "webhook", "url": "https://far.example/"},
    "secrets": {"secret": "0123456789abcdef0123456789abcdef"},
}  # fmt: skip


@pytest.mark.parametrize("words", [("handovers", "receiver", "far"), ("channels", "save")], ids=" ".join)
@pytest.mark.parametrize("content", [b"", b"{'name': 1}", b"\xff\xfe\x00", b"name: far"])
def test_a_file_that_is_no_json_is_refused_in_a_sentence(
    run: Run, tmp_path: Path, words: tuple[str, ...], content: bytes
) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(content)
    refused = run(*words, file)
    assert refused.exit_code == 2
    assert "no JSON file" in refused.output


def test_a_subscription_begins_and_ends(api: Run, tmp_path: Path) -> None:
    file = tmp_path / "channel.json"
    file.write_text(json.dumps(CHANNEL))
    assert "hook-cli is saved" in api("channels", "save", file).output
    assert "Subscribed" in api("channels", "hook", "hook-cli", PARK, "--kind", "accepted").output
    (one,) = answer(api("channels", "hooks", "--json"))["items"]
    ended = api("channels", "unhook", one["id"])
    assert (ended.exit_code, "has ended" in ended.output) == (0, True)
    assert answer(api("channels", "hooks", "--json"))["items"] == []
