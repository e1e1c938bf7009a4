"""Codes of cases and matters in what people read, as links to their pages."""

import re

from markupsafe import Markup, escape

from models.matters.paths import PATHS
from rules.matters.registry import RULES

#: A case number: the code of its park, the day, the sequence and the check digit.
_CASE = re.compile(r"\d{24}")
_PREFIXES = {rules.number_prefix: PATHS[kind] for kind, rules in RULES.items() if rules.number_prefix is not None}
_MATTER = re.compile(rf"({'|'.join(map(re.escape, _PREFIXES))})\d{{8}}-\d{{3,}}")


def linked(text: str) -> Markup:
    """The text, as a link where all of it is the number of a case or the drawn number of a matter."""
    if _CASE.fullmatch(text):
        return Markup('<a href="/cases/{0}">{0}</a>').format(text)
    found = _MATTER.fullmatch(text)
    if found is None:
        return escape(text)
    return Markup('<a href="/park/{0}/{1}">{1}</a>').format(_PREFIXES[found[1]], text)
