"""What an administrator sets of a channel, by kind: settings that are shown, and secrets that are sealed."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, TypeAdapter, model_validator

from models.base import Code, Given, Line, Text, Title, fault
from models.sends import ChannelId, ChannelKind

HOST: Final = r"^[A-Za-z0-9.:_-]{1,253}$"
Host = Annotated[Line, StringConstraints(pattern=HOST)]
MAIL_ADDRESS: Final = r"^[^@\s<>\",;]+@[^@\s<>\",;]+$"
MailAddress = Annotated[Line, StringConstraints(pattern=MAIL_ADDRESS, max_length=320)]

_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[^\W_]([\w-]{0,61}[^\W_])?"
#: An address that mail servers take (RFC 5321, without quotes and without Chinese before the @): that of a person who
#: types it, and learns of a slip at once instead of never being told.
PERSONS_MAIL: Final = rf"^{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})+$"
PersonsMail = Annotated[MailAddress, StringConstraints(pattern=PERSONS_MAIL, max_length=254)]


def _checked_url(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise fault("须以 https:// 或 http:// 开头", "must begin with https:// or http://")
    return value


Url = Annotated[Line, StringConstraints(max_length=1_000), AfterValidator(_checked_url)]
Seconds = Annotated[float, Field(ge=0.1, le=86_400)]
#: What is done after an answer was lost, when the message may have arrived: it is sent again, or left for a person.
OnLost = Literal["repeat", "hold"]


class Tried(Given):
    """How long a channel is tried: failed attempts, seconds until the second, the most between two."""

    attempts: Annotated[int, Field(ge=1, le=50)] = 3
    first_wait: Seconds = 2
    longest_wait: Seconds = 300
    #: Seconds that the far side may make us wait in all when it takes nothing for a while.
    longest_limit: Seconds = 1_800
    on_lost: OnLost = "repeat"


class MailConfig(Tried):
    """An SMTP server. `security`: STARTTLS (usually port 587), TLS from the start (465), or none, in one's own net."""

    kind: Literal[ChannelKind.MAIL] = ChannelKind.MAIL
    attempts: Annotated[int, Field(ge=1, le=50)] = 6
    first_wait: Seconds = 20
    longest_wait: Seconds = 1_800
    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Annotated[Line, StringConstraints(max_length=320)] = ""
    sender: MailAddress
    sender_name: Annotated[Line, StringConstraints(max_length=120)] = ""
    #: Where a reader leaves the list (RFC 2369): `mailto:…` or an address of a page.
    unsubscribe: Annotated[Line, StringConstraints(max_length=400)] = ""


class SmsConfig(Tried):
    """An SMS gateway over HTTP, as a template. In URL, headers and body `{phone}`, `{text}`, `{title}`, `{link}`,
    `{key}`, `{time}` and `{secret}` are filled in, encoded for where they stand.

    A message was taken when the status is one of `ok_status` and, where `ok_path` is set, the JSON there is `ok_value`.
    `on_lost` is `hold`, because most gateways send a message twice; with `query_url` the gateway is asked first.
    """

    kind: Literal[ChannelKind.SMS] = ChannelKind.SMS
    url: Annotated[Url, StringConstraints(max_length=1_000)]
    method: Literal["POST", "GET", "PUT"] = "POST"
    content_type: Literal["application/json", "application/x-www-form-urlencoded"] = "application/json"
    headers: Annotated[dict[str, Annotated[Line, StringConstraints(max_length=500)]], Field(max_length=20)] = Field(
        default_factory=dict
    )
    body: Annotated[Text, StringConstraints(max_length=4_000)] = '{"phone": "{phone}", "text": "{text}", "id": "{key}"}'
    ok_status: Annotated[tuple[int, ...], Field(max_length=20)] = (200,)
    ok_path: Annotated[Line, StringConstraints(max_length=120)] = ""
    ok_value: Annotated[Line, StringConstraints(max_length=120)] = ""
    id_path: Annotated[Line, StringConstraints(max_length=120)] = ""
    limited_values: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    query_url: Annotated[Line, StringConstraints(max_length=1_000)] = ""
    query_path: Annotated[Line, StringConstraints(max_length=120)] = ""
    query_value: Annotated[Line, StringConstraints(max_length=120)] = ""
    on_lost: Literal["repeat", "hold", "query"] = "hold"  # type: ignore[assignment]

    @model_validator(mode="after")
    def _check_query(self) -> Self:
        """Raise ValidationError for a gateway that is to be asked, without where and what."""
        if self.on_lost == "query" and not (self.query_url and self.query_path and self.query_value):
            raise fault("要先查询,须填写查询地址、路径和值", "asking first takes query_url, query_path and query_value")
        return self


class RobotConfig(Tried):
    """What the robots of chat groups share: the address of the service."""

    url: Url


class WecomConfig(RobotConfig):
    """A robot of a WeCom group. Its key is the secret."""

    kind: Literal[ChannelKind.WECOM] = ChannelKind.WECOM
    url: Url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"


class DingtalkConfig(RobotConfig):
    """A robot of a DingTalk group. Its access token is the secret, and the secret that signs, where it has one."""

    kind: Literal[ChannelKind.DINGTALK] = ChannelKind.DINGTALK
    url: Url = "https://oapi.dingtalk.com/robot/send"


class FeishuConfig(RobotConfig):
    """A robot of a Feishu group. The last part of its address is the secret, and the secret that signs."""

    kind: Literal[ChannelKind.FEISHU] = ChannelKind.FEISHU
    url: Url = "https://open.feishu.cn/open-apis/bot/v2/hook/"


class PushConfig(Tried):
    """The push services of browsers. `contact`: whom a push service turns to (RFC 8292), `mailto:…` or `https://…`.

    The pair of keys (VAPID) is made with the channel; `public_key` is what browsers subscribe with.
    """

    kind: Literal[ChannelKind.PUSH] = ChannelKind.PUSH
    contact: Annotated[Line, StringConstraints(pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$", max_length=320)]
    public_key: Annotated[Line, StringConstraints(max_length=120)] = ""


class WebhookConfig(Tried):
    """Another system that takes events. The secret signs each request."""

    kind: Literal[ChannelKind.WEBHOOK] = ChannelKind.WEBHOOK
    url: Url
    attempts: Annotated[int, Field(ge=1, le=50)] = 12
    first_wait: Seconds = 5
    longest_wait: Seconds = 6 * 3600
    longest_limit: Seconds = 86_400


ChannelConfig = Annotated[
    MailConfig | SmsConfig | WecomConfig | DingtalkConfig | FeishuConfig | PushConfig | WebhookConfig,
    Field(discriminator="kind"),
]
CONFIG: Final[TypeAdapter[Any]] = TypeAdapter(ChannelConfig)

#: The secrets of each kind: what a person may give. Those of the second group may be left out.
SECRETS: Final[dict[ChannelKind, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    ChannelKind.MAIL: ((), ("password",)),
    ChannelKind.SMS: ((), ("secret",)),
    ChannelKind.WECOM: (("key",), ()),
    ChannelKind.DINGTALK: (("access_token",), ("sign_secret",)),
    ChannelKind.FEISHU: (("token",), ("sign_secret",)),
    ChannelKind.PUSH: ((), ("private_key",)),
    ChannelKind.WEBHOOK: (("secret",), ()),
}
#: The shortest secret that signs a web hook, in characters (our choice).
SHORTEST_SIGNING_SECRET: Final = 16

#: The facts of cases that web hooks may be told of. None is about a reporter or about what somebody wrote.
HOOK_FACTS: Final = (
    "received", "accepted", "info_requested", "info_supplied", "dispatched", "redispatched", "recalled", "claimed",
    "transferred", "return_granted", "extension_granted", "suspension_granted", "resumed", "completed", "aborted",
    "review_passed", "review_failed", "self_closed", "closed", "archived", "reopened", "merged", "unmerged",
    "recategorised", "relocated", "escalated", "step_fired", "overdue", "urged", "urge_answered", "urge_overdue",
)  # fmt: skip

Secret = Annotated[SecretStr, Field(min_length=1, max_length=2_000)]


class ChannelInput(Given):
    """A channel as an administrator gives it. Secrets that are left out stay as they are."""

    id: ChannelId
    name: Title
    config: ChannelConfig
    secrets: dict[Code, Secret] = Field(default_factory=dict)
    enabled: bool = True


def _known_facts(values: frozenset[str]) -> frozenset[str]:
    unknown = sorted(values - set(HOOK_FACTS))
    if unknown:
        raise fault(f"没有事件“{unknown[0]}”", f"there is no event “{unknown[0]}”")
    return values


class HookInput(Given):
    """A subscription of a web hook: which facts, of cases in which unit and below."""

    channel: ChannelId
    kinds: Annotated[frozenset[str], Field(min_length=1, max_length=60), AfterValidator(_known_facts)]
    grid: Code
