"""Whoever is refused is told in their language who may do it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from models.enums import Role
from rules.life_cycle import Who
from rules.matters.kind import Part
from services.wording.refusals import WHO

ROOT = Path(__file__).parents[3]


def named_in_refusals() -> Iterator[str]:
    """Whoever the code itself names in a refusal, as written there."""
    for folder in ("rules", "services", "activities", "api", "web"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "NotYours":
                    who = next(part.value for part in node.keywords if part.arg == "who")
                    if isinstance(who, ast.Constant):
                        yield from str(who.value).split(" / ")


def test_everybody_who_is_named_has_a_name_in_both_languages() -> None:
    named = set(named_in_refusals())
    assert "whoever takes part in it" in named
    assert {*named, *Part, *Role, *Who} <= set(WHO)
