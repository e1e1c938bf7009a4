"""Language negotiation: zh-CN unless the caller prefers English."""

#: The languages of the application, the default first.
LANGUAGES = ("zh", "en")
#: Values of the header Content-Language.
CONTENT_LANGUAGE = {"zh": "zh-CN", "en": "en"}


def preferred_language(accept_language: str | None) -> str:
    """Return `zh` or `en`, whichever an Accept-Language header (RFC 9110) weighs more; `zh` when it accepts neither."""
    weights = [_weight(accept_language or "", language) for language in LANGUAGES]
    best = max(weights)
    return LANGUAGES[weights.index(best)] if best > 0 else LANGUAGES[0]


def _weight(header: str, language: str) -> float:
    """Return the weight of a language. A range that names it takes precedence over `*`."""
    weights: list[float] = []
    wildcard = 0.0
    for item in header.split(","):
        tag, _, parameters = item.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary == language:
            weights.append(_quality(parameters))
        elif primary == "*":
            wildcard = _quality(parameters)
    return max(weights) if weights else wildcard


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
