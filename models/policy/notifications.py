"""What a policy says about messages outside the pages: what nobody can switch off, how many at most, when not."""

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from models.base import Given, fault, is_stored
from models.quiet_hours import QuietHours


class Ground(StrEnum):
    """Why something is told at once, whatever the person chose.

    `major_hazard`: a case of the highest severity. `statutory_ceiling`: the moment that a law sets is a day away or
    less. `emergency`: a step of an emergency plan, or a monitoring station's alarm.
    """

    MAJOR_HAZARD = "major_hazard"
    STATUTORY_CEILING = "statutory_ceiling"
    EMERGENCY = "emergency"


#: The kinds of channels (`models.sends.ChannelKind`) that may have caps of their own.
ChannelName = Literal["mail", "sms", "push", "wecom", "dingtalk", "feishu", "webhook"]


class Cap(Given):
    """At most `most` messages to one person by one channel in any `minutes`."""

    most: Annotated[int, Field(ge=1, le=1000)]
    minutes: Annotated[int, Field(ge=1, le=24 * 60)]


def _fit_together(caps: tuple[Cap, ...], info: ValidationInfo) -> tuple[Cap, ...]:
    """Raise ValidationError for two caps of which one never holds beside the other. What is stored stays readable."""
    if is_stored(info):
        return caps
    for short, long in pairwise(sorted(caps, key=lambda cap: cap.minutes)):
        if short.minutes == long.minutes:
            raise fault(f"{short.minutes} 分钟的上限写了两次", f"the cap of {short.minutes} minutes is given twice")
        if short.most > long.most:
            raise fault(
                f"{short.minutes} 分钟的上限({short.most} 条)不能大于 {long.minutes} 分钟的上限({long.most} 条)",
                f"the cap of {short.minutes} minutes ({short.most}) is no more than that of {long.minutes} minutes"
                f" ({long.most})",
            )
    return caps


#: The caps of a channel: all of them hold.
Caps = Annotated[tuple[Cap, ...], Field(min_length=1, max_length=8), AfterValidator(_fit_together)]
#: One message a minute, and fewer over longer times (our choice, after the defaults of GoAlert).
DEFAULT_CAPS = (
    Cap(most=1, minutes=1),
    Cap(most=5, minutes=15),
    Cap(most=11, minutes=60),
    Cap(most=21, minutes=180),
)


class StormRule(Given):
    """When so much reaches one person that single messages would help nobody.

    A storm begins with more than `items` of one place within a minute, or more than `window_items` of all places within
    `window_minutes`, besides what came in a storm of one place. One summary is sent when nothing more has come for
    `settle_seconds`, at the latest `settle_most_seconds` after there were too many: long enough for what falls due
    within a minute and is recorded within another. The storm ends `lasts_minutes` after the last excess; what came
    meanwhile stays on the pages and is not sent later. All of it our choice.
    """

    items: Annotated[int, Field(ge=1, le=10_000)] = 20
    window_items: Annotated[int, Field(ge=1, le=100_000)] = 100
    window_minutes: Annotated[int, Field(ge=1, le=120)] = 10
    settle_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    settle_most_seconds: Annotated[int, Field(ge=1, le=1800)] = 180
    lasts_minutes: Annotated[int, Field(ge=1, le=1440)] = 20

    @model_validator(mode="after")
    def _settles_in_time(self) -> Self:
        if self.settle_most_seconds < self.settle_seconds:
            raise fault("汇总的最迟时间不能早于静默秒数", "`settle_most_seconds` is no less than `settle_seconds`")
        return self

    @model_validator(mode="after")
    def _holds_together(self, info: ValidationInfo) -> Self:
        if is_stored(info):
            return self
        if self.items > self.window_items:
            raise fault("同一地点的件数上限不能大于各处合计的件数上限", "`items` is no more than `window_items`")
        if self.lasts_minutes * 60 < self.settle_most_seconds:
            raise fault(
                "风暴结束的分钟数不能短于汇总的最迟秒数", "`lasts_minutes` is no shorter than `settle_most_seconds`"
            )
        return self


class NotificationPolicy(Given):
    """The rules for messages outside the pages (our choice where the policy says nothing).

    `minimum`: what passes quiet hours, digests, muting and caps, and cannot be switched off. `caps` by channel; a
    channel that is not named has `other_caps`. `digest_minutes`: how long after a message the next ordinary one may be
    sent, where the person chose nothing; `longest_digest_minutes`: the most that a person may choose. `gather_seconds`:
    how long something ordinary waits for what belongs to it. `quiet`: the quiet hours of somebody who chose none.
    `second_minutes`: after so long unread, what belongs to the minimum goes out by the next channel.
    """

    minimum: tuple[Ground, ...] = tuple(Ground)
    caps: dict[ChannelName, Caps] = Field(default_factory=dict)
    other_caps: Caps = DEFAULT_CAPS
    digest_minutes: Annotated[int, Field(ge=0, le=1440)] = 10
    longest_digest_minutes: Annotated[int, Field(ge=0, le=1440)] = 240
    gather_seconds: Annotated[int, Field(ge=1, le=300)] = 10
    quiet: QuietHours | None = None
    second_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    storm: StormRule = StormRule()

    @model_validator(mode="after")
    def _leave_time(self, info: ValidationInfo) -> Self:
        if is_stored(info) or self.digest_minutes == 0:
            return self
        if self.gather_seconds > self.digest_minutes * 60:
            raise fault("第一件发出前的等候不能长于合并间隔", "`gather_seconds` is no longer than `digest_minutes`")
        if self.quiet is not None and self.digest_minutes > 24 * 60 - self.quiet.minutes:
            raise fault(
                "合并间隔不能长于免打扰以外的时间", "`digest_minutes` is no longer than the time outside `quiet`"
            )
        return self

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.digest_minutes > self.longest_digest_minutes:
            raise fault(
                "合并间隔不能超过个人可选的最长间隔", "`digest_minutes` is no more than `longest_digest_minutes`"
            )
        if len(set(self.minimum)) != len(self.minimum):
            raise fault("必告知事项重复", "a ground of `minimum` is named twice")
        return self

    def caps_of(self, channel: str) -> tuple[Cap, ...]:
        """The caps that hold for a channel."""
        return next((caps for name, caps in self.caps.items() if name == channel), self.other_caps)


#: A policy that says nothing about messages.
DEFAULT_NOTIFICATIONS = NotificationPolicy()
