"""The standard that a case is timed by: that of the opening condition it was filed under."""

from dataclasses import dataclass

from models.case import Case
from models.context import Context
from models.enums import Severity
from models.errors import UnknownCategory, UnknownCondition
from models.policy.document import Category, Policy
from models.policy.standard import Condition, ExtensionRule, Ladder, Standard

#: A ladder without steps: an overdue case only has daily reminders.
NO_LADDER = Ladder(code="none")


@dataclass(frozen=True)
class Opening:
    """The condition a case is opened under (None where the category has limits of its own), and its standard."""

    condition: str | None
    standard: Standard


def opening(policy: Policy, category: str, severity: Severity, condition: str | None = None) -> Opening:
    """The named opening condition with its standard, or the first condition that fits the severity.

    Raises UnknownCategory, or UnknownCondition when the category has no such condition.
    """
    found = policy.category(category)
    if found is None:
        raise UnknownCategory(category=category, pointer="/category")
    if condition is not None and condition not in (c.code for c in found.conditions):
        raise UnknownCondition(
            condition=condition, category=category, pointer="/condition",
            known=", ".join(c.code for c in found.conditions) or "—",
        )  # fmt: skip
    if found.limits is not None:
        return Opening(None, _own(found))
    chosen = next(
        c for c in found.conditions if c.code == condition or (condition is None and _fits(c.severities, severity))
    )
    standard = policy.standard(chosen.standard)
    assert standard is not None, "a policy names only standards that it has"
    return Opening(chosen.code, standard)


def openings(policy: Policy, category: Category) -> tuple[tuple[Condition, Standard], ...]:
    """Every opening condition of a category with its standard; its own limits count as one that always fits."""
    if category.limits is not None:
        always = Condition(code="any", name_zh=category.name_zh, name_en=category.name_en, standard=category.code)
        return ((always, _own(category)),)
    found = ((condition, policy.standard(condition.standard)) for condition in category.conditions)
    return tuple((condition, standard) for condition, standard in found if standard is not None)


def standard_of(case: Case, ctx: Context) -> Standard:
    """The standard of the case under its own policy."""
    return standard_under(case, ctx.policy)


def standard_under(case: Case, policy: Policy) -> Standard:
    """The standard of the case; a condition that `policy` does not have (after an adoption) counts as none."""
    found = policy.category(case.category)
    known = found is not None and any(c.code == case.condition for c in found.conditions)
    return opening(policy, case.category, case.severity, case.condition if known else None).standard


def ladder_of(case: Case, ctx: Context) -> Ladder:
    """The ladder of the case's standard."""
    return ctx.policy.ladder(standard_of(case, ctx).ladder) or NO_LADDER


def extension_rule(standard: Standard, policy: Policy) -> ExtensionRule:
    """The standard's own rule, or the policy's general one."""
    return standard.extensions or ExtensionRule(times=policy.extensions)


def suspension_days(standard: Standard, policy: Policy) -> int:
    """The longest suspension of a round, in days."""
    return standard.suspension_days or policy.suspension_days


def _fits(severities: tuple[Severity, ...], severity: Severity) -> bool:
    return not severities or severity in severities


def _own(category: Category) -> Standard:
    limits = category.limits
    assert limits is not None
    return Standard.model_construct(code=category.code, **limits.__dict__)
