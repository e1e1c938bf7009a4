"""Entity tags (RFC 9110): whether the caller has a representation already."""


def has_tag(if_none_match: str, tag: str) -> bool:
    """Whether the header If-None-Match names `tag`, as a weak comparison, or any tag."""
    given = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in given or tag.removeprefix("W/") in given
