"""English words that depend on a number."""


def counted(number: int | str, noun: str, plural: str = "") -> str:
    """Return the number with its noun: `1 case`, `2 cases`, `1 category`, `2 categories`; `plural` where that is wrong.

    Further words may stand before the noun: `1 open case`. The number may be a text: `10000+ cases`.
    """
    if str(number) == "1":
        return f"{number} {noun}"
    if plural:
        return f"{number} {plural}"
    ends = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{number} {ends}"
