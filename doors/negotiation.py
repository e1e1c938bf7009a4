"""Which language to answer in: zh-CN unless the caller prefers English."""

#: What we speak, the default first.
LANGUAGES = ("zh", "en")
#: How an answer names its language.
CONTENT_LANGUAGE = {"zh": "zh-CN", "en": "en"}


def preferred_language(accept_language: str | None) -> str:
    """`zh` or `en`, whichever an Accept-Language header (RFC 9110) weighs more; `zh` when it weighs neither."""
    weights = [_weight(accept_language or "", language) for language in LANGUAGES]
    best = max(weights)
    return LANGUAGES[weights.index(best)] if best > 0 else LANGUAGES[0]


def _weight(header: str, language: str) -> float:
    """The weight of the ranges that fit the language; those that name it go before `*`."""
    named: list[float] = []
    any_language = 0.0
    for item in header.split(","):
        tag, _, parameters = item.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary == language:
            named.append(_quality(parameters))
        elif primary == "*":
            any_language = _quality(parameters)
    return max(named) if named else any_language


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
