"""The words of what a policy says of messages outside the pages; Chinese, then English."""

from collections.abc import Sequence

from services.wording.mailboxes import GROUNDS

CHANNELS = {
    "other": ("未另列的渠道", "channels not named below"), "mail": ("电子邮件", "e-mail"), "sms": ("短信", "SMS"),
    "push": ("手机推送", "push"), "wecom": ("企业微信群", "WeCom"), "dingtalk": ("钉钉群", "DingTalk"),
    "feishu": ("飞书群", "Feishu"), "webhook": ("对接系统", "web hook"),
}  # fmt: skip
_TOLD = {
    "digest_minutes": ("合并发送间隔(分钟)", "minutes of a digest"),
    "longest_digest_minutes": ("个人可选的最长间隔(分钟)", "longest digest that a person may choose, minutes"),
    "gather_seconds": ("第一件发出前等候(秒)", "seconds that the first item waits for others"),
    "second_minutes": (
        "必告知事项未读多少分钟后用下一渠道再发",
        "minutes unread until the next channel is used as well",
    ),
    "quiet_since": ("免打扰从(时:分,不填则无)", "quiet hours from (hh:mm; empty: none)"),
    "quiet_until": ("免打扰到", "quiet hours until"),
}
_STORM = {
    "items": ("同一地点一分钟内超过多少件即为风暴", "a storm: more items of one place within a minute than"),
    "window_items": ("各处合计超过多少件即为风暴", "or more items of all places than"),
    "window_minutes": ("合计的时段(分钟)", "within minutes"),
    "settle_seconds": ("多少秒没有新的即发汇总", "summary after seconds without another item"),
    "settle_most_seconds": ("汇总最迟在多少秒后发", "summary at the latest after seconds"),
    "lasts_minutes": ("最后一次超量后多少分钟结束", "ends minutes after the last excess"),
}


def notification_labels(part: str, language: str) -> list[tuple[str, str]]:
    """The names of the fields of a part, each with its label."""
    index = 1 if language.startswith("en") else 0
    always = ("总是立即告知:", "always told at once: ")[index]
    caps = ("(条数/分钟,空格分开;不填同上)", " (messages/minutes, with spaces; empty: as the first)")[index]
    match part:
        case "told":
            grounds = [(ground, always + label[index]) for ground, label in GROUNDS.items()]
            return [*grounds, *((name, label[index]) for name, label in _TOLD.items())]
        case "storm":
            return [(name, label[index]) for name, label in _STORM.items()]
    return [(name, label[index] + ("" if name == "other" else caps)) for name, label in CHANNELS.items()]


def place_of_fault(location: Sequence[int | str], language: str) -> str:
    """What the field of a fault is called; empty where the fault is of the whole section or of another one."""
    if "notifications" not in location:
        return ""
    books = {**_TOLD, **_STORM, **CHANNELS, "other_caps": CHANNELS["other"]}
    index = 1 if language.startswith("en") else 0
    found = next((books[part][index] for part in location if isinstance(part, str) and part in books), "")
    return f"{found}: " if found else ""
