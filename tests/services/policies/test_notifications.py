"""The section of messages in a policy: what it may say, and the line of what it may not."""

from pathlib import Path

import pytest

from models.base import STORED
from models.policy.notifications import DEFAULT_NOTIFICATIONS, Ground, NotificationPolicy
from services.files.reference_files import BadFile
from services.files.shipped import POLICY
from services.policies.files import read_policy
from tests.builders import a_policy


def test_the_shipped_policy_says_what_nobody_can_switch_off() -> None:
    rules = read_policy(POLICY).notifications
    assert rules.minimum == tuple(Ground)
    assert rules.caps_of("sms")[0].model_dump() == {"most": 1, "minutes": 1}
    assert rules.caps_of("feishu") == DEFAULT_NOTIFICATIONS.other_caps


def test_a_policy_that_says_nothing_is_written_as_before() -> None:
    assert "notifications" not in a_policy().model_dump(mode="json")


@pytest.mark.parametrize(
    "section",
    [
        "minimum: [everything]",
        "minimum: [emergency, emergency]",
        "digest_minutes: -1",
        "digest_minutes: 500",
        'quiet: {since: "22:00", until: "22:00"}',
        "caps: {pigeon: [{most: 1, minutes: 1}]}",
        "caps: {sms: []}",
        "caps: {sms: [{most: 0, minutes: 1}]}",
        "storm: {items: 0}",
        "storm: {settle_seconds: 60, settle_most_seconds: 30}",
        "storm: {items: 200, window_items: 100}",
        "storm: {settle_most_seconds: 1800, lasts_minutes: 20}",
        "other_caps: [{most: 11, minutes: 60}, {most: 5, minutes: 1440}]",
        "caps: {sms: [{most: 5, minutes: 60}, {most: 6, minutes: 60}]}",
        "{digest_minutes: 1, gather_seconds: 90}",
        '{digest_minutes: 600, longest_digest_minutes: 600, quiet: {since: "16:00", until: "07:00"}}',
        "unknown: 1",
    ],
)
def test_a_fault_is_named_with_its_line(section: str, tmp_path: Path) -> None:
    lines = POLICY.read_text().splitlines()
    begin = lines.index("notifications:")
    file = tmp_path / "policy.yaml"
    end = next(index for index in range(begin + 1, len(lines)) if not lines[index].startswith(" "))
    file.write_text("\n".join([*lines[: begin + 1], f"  {section}", *lines[end:]]))
    with pytest.raises(BadFile) as caught:
        read_policy(file)
    assert {problem.line for problem in caught.value.problems} <= {begin + 1, begin + 2}


def test_what_was_published_with_such_a_fault_stays_readable() -> None:
    rules = {
        "digest_minutes": 1, "gather_seconds": 90, "storm": {"items": 200},
        "other_caps": [{"most": 11, "minutes": 60}, {"most": 5, "minutes": 1440}],
    }  # fmt: skip
    assert NotificationPolicy.model_validate(rules, context=STORED).gather_seconds == 90
