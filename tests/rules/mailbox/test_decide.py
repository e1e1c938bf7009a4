"""What a mailbox sends when, what waits until when, and why."""

from datetime import date, timedelta
from typing import Any

import pytest

from models.enums import Severity
from models.mailbox import MessageForm, Mute, Why
from models.policy.notifications import Cap, Ground, NotificationPolicy, StormRule
from tests.rules.mailbox.boxes import FRIDAY, QUIET, Mailbox, at, item, major, seconds

SATURDAY = date(2026, 10, 10)
SUNDAY, MONDAY = date(2026, 10, 11), date(2026, 10, 12)


def test_forty_items_of_ten_minutes_are_one_message_and_one_digest_that_names_all() -> None:
    box = Mailbox()
    forty = [item(n, at("14:00:00") + seconds(15 * n)) for n in range(40)]
    box.run(forty, at("14:40:00"))
    (first_at, first), (digest_at, digest) = box.sent
    assert (first_at, first.form, first.count) == (at("14:00:10"), MessageForm.SINGLE, 1)
    assert (digest_at, digest.form, digest.count) == (at("14:10:10"), MessageForm.DIGEST, 40)
    assert set(digest.named) == {one.key for one in forty}
    assert box.wake_at is None


def test_what_was_claimed_before_the_digest_is_left_out() -> None:
    box = Mailbox()
    forty = [item(n, at("14:00:00") + seconds(15 * n)) for n in range(40)]
    box.run(forty, at("14:10:00"))
    box.add(forty[20].model_copy(update={"standing": False}))
    box.run([], at("14:40:00"))
    assert box.sent[-1][1].count == 39
    assert forty[20].key not in box.sent[-1][1].named
    assert box.outcome.left[forty[20].key] is Why.DONE


def test_without_a_digest_the_cap_lets_one_message_out_a_minute() -> None:
    box = Mailbox(digest_minutes=0)
    box.run([item(n, at("14:00:00") + seconds(5 * n)) for n in range(60)], at("15:00:00"))
    moments = [moment for moment, _ in box.sent]
    assert moments == [at("14:00:10") + timedelta(minutes=n) for n in range(5)] + [at("14:15:10")]
    assert sum(message.count for _, message in box.sent) == 60


def test_quiet_hours_hold_back_what_can_wait_and_nothing_of_the_minimum() -> None:
    box = Mailbox(quiet=QUIET, rest_days=True)
    ordinary, hazard = item(1, at("23:10:00")), major(2, at("23:11:00"))
    box.run([ordinary, hazard], at("23:30:00"))
    assert box.waiting(ordinary).model_dump() == {"until": at("07:00:00", SATURDAY), "why": Why.QUIET}
    box.run([], at("12:00:00", MONDAY))
    told = [(moment, message.told) for moment, message in box.sent if message.form is not MessageForm.SECOND]
    assert told == [(at("23:11:00"), (hazard.key,)), (at("07:00:00", SATURDAY), (ordinary.key,))]


@pytest.mark.parametrize(
    ("moment", "rest_days", "expected"),
    [
        pytest.param(at("21:00:00"), True, None, id="not-quiet"),
        pytest.param(at("22:00:00"), False, at("07:00:00", SATURDAY), id="over-midnight"),
        pytest.param(at("06:59:00", SATURDAY), True, at("07:00:00", SATURDAY), id="make-up-saturday"),
        pytest.param(at("09:00:00", SATURDAY), True, None, id="make-up-saturday-is-worked"),
        pytest.param(at("23:00:00", SATURDAY), True, at("07:00:00", MONDAY), id="over-sunday"),
        pytest.param(at("12:00:00", SUNDAY), True, at("07:00:00", MONDAY), id="day-of-rest"),
        pytest.param(at("12:00:00", SUNDAY), False, None, id="day-of-rest-not-chosen"),
    ],
)
def test_quiet_times(moment: Any, rest_days: bool, expected: Any) -> None:
    box = Mailbox(quiet=QUIET, rest_days=rest_days)
    one = item(1, moment - seconds(10))
    box.add(one)
    box.look(moment)
    assert ([] if box.sent else box.waiting(one).until) == (expected or [])


@pytest.mark.parametrize("ground", list(Ground))
@pytest.mark.parametrize(
    "settings",
    [
        {"on": False},
        {"mutes": (Mute(),)},
        {"mutes": (Mute(number="C0001"),)},
        {"digest_minutes": 240},
        {"rest_days": True},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_the_minimum_passes_whatever_somebody_chose(ground: Ground, settings: dict[str, Any]) -> None:
    box = Mailbox(quiet=QUIET, **settings)
    one = item(1, at("12:00:00", SUNDAY), ground=ground)
    box.add(item(9, at("11:59:30", SUNDAY)), one)
    (message,) = [sent for sent in box.look(at("12:00:00", SUNDAY)) if sent.urgent]
    assert message.told == (one.key,)


def test_a_ground_outside_the_minimum_waits_like_the_rest() -> None:
    box = Mailbox(quiet=QUIET, policy=NotificationPolicy(minimum=(Ground.EMERGENCY,)))
    one = major(1, at("23:00:00"))
    box.add(one)
    assert box.look(at("23:00:30")) == ()
    assert box.waiting(one).why is Why.QUIET


@pytest.mark.parametrize(
    ("fields", "channels", "settings", "why"),
    [
        ({"standing": False}, ("mail",), {}, Why.DONE),
        ({"read": True}, ("mail",), {}, Why.READ),
        ({"visible": False}, ("mail",), {}, Why.HIDDEN),
        ({}, (), {}, Why.NO_CHANNEL),
        ({}, ("mail",), {"on": False}, Why.OFF),
        ({}, ("mail",), {"mutes": (Mute(what="step_fired"),)}, Why.MUTED),
    ],
)
def test_what_is_left_on_the_pages(fields: Any, channels: Any, settings: Any, why: Why) -> None:
    box = Mailbox(channels=channels, **settings)
    one = item(1, at("14:00:00"), **fields)
    box.add(one)
    assert box.look(at("14:01:00")) == ()
    assert (box.outcome.left, box.wake_at) == ({one.key: why}, None)


def test_a_mute_with_an_end_only_delays() -> None:
    box = Mailbox(mutes=(Mute(number="C0001", until=at("16:00:00")),))
    muted, other = item(1, at("14:00:00")), item(2, at("14:00:01"))
    box.run([muted, other], at("15:00:00"))
    assert box.waiting(muted).model_dump() == {"until": at("16:00:00"), "why": Why.MUTED}
    assert [message.told for _, message in box.sent] == [(other.key,)]
    box.run([], at("17:00:00"))
    last_at, last = box.sent[-1]
    assert (last_at, last.told) == (at("16:00:00"), (muted.key,))


def test_a_storm_is_one_summary_with_the_count_and_the_worst_five_and_no_backlog() -> None:
    box = Mailbox(digest_minutes=0)
    many = [item(n, at("14:00:00") + seconds(n / 20), level=3) for n in range(1000)]
    worst = [
        item(n, at("14:00:00") + seconds(n / 20), level=2, severity=Severity.URGENT) for n in (7, 70, 700, 900, 999)
    ]
    for one in worst:
        many[int(one.detail.number[1:])] = one
    box.add(*many)
    assert box.look(at("14:00:50")) == ()
    assert box.waiting(many[0]).why is Why.STORM
    (summary,) = box.look(box.waiting(many[0]).until)
    assert (summary.form, summary.count, summary.place) == (MessageForm.SUMMARY, 1000, "A")
    assert summary.named == tuple(one.key for one in worst)
    late = [item(10_000 + n, at("14:10:00") + seconds(n)) for n in range(100)]
    box.run(late, at("20:00:00"))
    assert {box.outcome.left.get(late[-1].key), len(box.sent)} == {Why.STORM, 1}
    after = item(20_000, at("14:35:00"))
    box.run([after], at("20:00:00"))
    assert [message.told for _, message in box.sent[1:]] == [(after.key,)]


def test_a_storm_of_one_place_leaves_other_places_and_the_minimum_alone() -> None:
    box = Mailbox()
    box.add(*(item(n, at("14:00:00") + seconds(n)) for n in range(30)))
    elsewhere, hazard = item(100, at("14:00:20"), place="B"), major(101, at("14:00:40"))
    box.add(elsewhere, hazard)
    messages = box.look(at("14:00:40"))
    assert [message.told for message in messages] == [(hazard.key,)]
    assert (box.waiting(elsewhere).until, box.waiting(elsewhere).why) == (at("14:01:40"), Why.CAP)


def test_hundreds_of_one_place_are_no_storm_of_all_places() -> None:
    """What came from elsewhere before and meanwhile is told as ever, and the place has one summary."""
    box = Mailbox(digest_minutes=0)
    before, meanwhile = item(9001, at("13:55:00"), place="B"), item(9002, at("14:00:10"), place="B")
    box.run([before], at("13:59:00"))
    many = [item(n, at("14:00:00") + seconds(n / 10)) for n in range(300)]
    box.run([*many, meanwhile], at("16:00:00"))
    told = [(message.form, message.count, message.place) for _, message in box.sent]
    single = (MessageForm.SINGLE, 1, None)
    assert told == [single, single, (MessageForm.SUMMARY, 300, "A")]
    assert [message.told for _, message in box.sent[:2]] == [(before.key,), (meanwhile.key,)]


def test_the_summary_of_all_places_counts_a_burst_to_its_end() -> None:
    """Though the first of those that were too many came minutes before."""
    box = Mailbox(digest_minutes=0)
    early = [item(9000 + n, at("13:53:00") + seconds(60 * n), place="Z") for n in range(3)]
    burst = [item(n, at("14:00:00") + seconds(n / 10), place=str(n % 30)) for n in range(300)]
    box.run([*early, *burst], at("16:00:00"))
    summaries = [message for _, message in box.sent if message.form is MessageForm.SUMMARY]
    assert [(one.count, one.place) for one in summaries] == [(300, "")]


def test_hazards_by_the_dozen_are_one_urgent_summary() -> None:
    box = Mailbox(quiet=QUIET)
    box.add(*(major(n, at("23:00:00") + seconds(n / 2)) for n in range(50)))
    assert box.look(at("23:00:25")) == ()
    (summary,) = box.look(box.wake_at or at("23:00:25"))
    assert (summary.form, summary.urgent, summary.count) == (MessageForm.SUMMARY, True, 50)


def test_many_of_all_places_within_the_window_are_a_storm_too() -> None:
    box = Mailbox(policy=NotificationPolicy(storm=StormRule(window_items=50)))
    box.run([item(n, at("14:00:00") + seconds(5 * n), place=str(n % 10)) for n in range(60)], at("15:00:00"))
    assert [message.form for _, message in box.sent].count(MessageForm.SUMMARY) == 1


def test_twenty_in_a_minute_are_no_storm() -> None:
    box = Mailbox()
    box.run([item(n, at("14:00:00") + seconds(n)) for n in range(20)], at("15:00:00"))
    assert MessageForm.SUMMARY not in [message.form for _, message in box.sent]


def test_a_summary_that_nobody_may_be_told_of_waits_for_the_end_of_quiet_hours() -> None:
    box = Mailbox(quiet=QUIET)
    box.run([item(n, at("23:00:00") + seconds(n)) for n in range(50)], at("12:00:00", SATURDAY))
    assert [(moment, message.form) for moment, message in box.sent] == [(at("07:00:00", SATURDAY), MessageForm.SUMMARY)]


def test_what_stays_unread_goes_out_by_the_next_channel_once() -> None:
    box = Mailbox()
    hazard = major(1, at("14:00:00"))
    box.run([hazard], at("14:14:00"))
    assert box.wake_at == at("14:15:00")
    box.run([], at("16:00:00"))
    assert [(moment, message.form, message.channels) for moment, message in box.sent] == [
        (at("14:00:00"), MessageForm.SINGLE, ("mail", "sms")),
        (at("14:15:00"), MessageForm.SECOND, ("sms",)),
    ]


@pytest.mark.parametrize("change", [{"read": True}, {"standing": False}])
def test_what_was_read_or_done_does_not(change: dict[str, bool]) -> None:
    box = Mailbox()
    hazard = major(1, at("14:00:00"))
    box.run([hazard], at("14:05:00"))
    box.add(hazard.model_copy(update=change))
    box.run([], at("16:00:00"))
    assert len(box.sent) == 1


def test_somebody_may_want_the_second_channel_for_all_and_never_later_than_the_policy_says() -> None:
    box = Mailbox(second_minutes=60)
    box.run([item(1, at("14:00:00")), major(2, at("14:30:00"))], at("18:00:00"))
    seconds_ = [moment for moment, message in box.sent if message.form is MessageForm.SECOND]
    assert seconds_ == [at("14:45:00"), at("15:00:10")]


def test_the_longest_digest_is_the_policys() -> None:
    box = Mailbox(digest_minutes=1440, policy=NotificationPolicy(longest_digest_minutes=30))
    box.run([item(1, at("14:00:00")), item(2, at("14:05:00"))], at("20:00:00"))
    assert [moment for moment, _ in box.sent] == [at("14:00:10"), at("14:30:10")]


def test_caps_are_exact_over_every_window() -> None:
    box = Mailbox(digest_minutes=0)
    box.run([item(n, at("08:00:00") + seconds(45 * n)) for n in range(300)], at("20:00:00"))
    moments = [moment for moment, _ in box.sent]
    spans = {minutes: timedelta(minutes=minutes) for minutes in (1, 15, 60, 180)}
    most = {
        minutes: max(sum(start <= moment < start + span for moment in moments) for start in moments)
        for minutes, span in spans.items()
    }
    assert most == {1: 1, 15: 5, 60: 11, 180: 21}


def test_a_channel_has_caps_of_its_own() -> None:
    policy = NotificationPolicy(caps={"sms": (Cap(most=1, minutes=60),)})
    box = Mailbox(channels=("sms",), policy=policy, digest_minutes=0)
    box.run([item(n, at("08:00:00") + timedelta(minutes=10 * n)) for n in range(12)], at("12:00:00"))
    assert [moment for moment, _ in box.sent] == [at("08:00:10") + timedelta(hours=n) for n in range(3)]


def test_looking_again_at_once_sends_nothing_twice() -> None:
    box = Mailbox()
    box.add(item(1, at("14:00:00")), major(2, at("14:00:00")))
    assert [message.urgent for message in box.look(at("14:00:10"))] == [True]
    assert [message.urgent for message in box.look(at("14:01:10"))] == [False]
    assert box.look(at("14:01:10")) == box.look(at("14:01:11")) == ()
    assert FRIDAY.isoweekday() == 5
