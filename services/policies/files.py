"""Read policies from YAML and check them against the directory, each problem at its line."""

from collections.abc import Collection
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from models.enums import Level, Role
from models.policy.document import Policy
from services.files.reference_files import BadFile, Document, FileProblem, Location, problems_of
from services.policies.china_calendars import expand_china_years
from services.policies.faults import find_raw_faults
from services.policies.park_faults import park_faults
from services.policies.variants import read_policy_document


def read_policy(path: Path) -> Policy:
    """Return the policy in a YAML file. Raises BadFile with every problem at its line, FileNotFoundError."""
    return _parse(read_policy_document(path))


def read_and_check(
    path: Path,
    departments: Collection[str],
    people: Collection[str],
    posts: Collection[tuple[Role, Level]] | None = None,
) -> Policy:
    """Return the policy in a YAML file; everything that `check_policy` finds is refused as well, at its line."""
    document = read_policy_document(path)
    policy = _parse(document)
    if problems := check_policy(policy, departments, people, document, posts):
        raise BadFile(problems)
    return policy


def _parse(document: Document) -> Policy:
    document, problems = expand_china_years(document)
    problems += find_raw_faults(document)
    try:
        policy = Policy.model_validate(document.data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        # A fault already found at its line is not repeated for the whole file.
        located = [e for e in errors if e["loc"]] if problems else errors
        problems += problems_of(document, located)
    if problems:
        raise BadFile(sorted(problems, key=lambda problem: problem.line))
    return policy


def check_policy(
    policy: Policy,
    departments: Collection[str],
    people: Collection[str],
    document: Document | None = None,
    posts: Collection[tuple[Role, Level]] | None = None,
) -> tuple[FileProblem, ...]:
    """Return the faults of a policy in this park, where `departments` and `people` are those active here.

    A route must name an existing department and categories that exist, the fallback owner must be an active person, the
    zone must be known; every standard must have a ladder, and every ladder a target that exists: `posts` are the roles
    held at each level (None: not checked). With the `document` it came from, each problem has its line.
    """
    faults: list[tuple[Location, str, str]] = []
    for i, rule in enumerate(policy.routes):
        if rule.host not in departments:
            location: Location = ("routes", i, "host")
            faults.append((location, f"没有部门“{rule.host}”", f"there is no department “{rule.host}”"))
        for j, prefix in enumerate(rule.categories):
            if not any(category.code.startswith(prefix) for category in policy.categories):
                zh, en = f"没有以“{prefix}”开头的小类", f"no category begins with “{prefix}”"
                faults.append((("routes", i, "categories", j), zh, en))
    if policy.fallback_owner not in people:
        who = policy.fallback_owner
        faults.append((("fallback_owner",), f"没有在岗人员“{who}”", f"there is no active person “{who}”"))
    if not _zone_exists(policy.zone):
        zh, en = f"没有时区“{policy.zone}”", f"there is no time zone “{policy.zone}”"
        faults.append((("zone",), zh, en))
    faults += park_faults(policy, departments)
    faults += _ladder_faults(policy, posts) if posts is not None else []
    source = document or Document(policy.name, None, {})
    return tuple(source.problem(location, zh, en) for location, zh, en in faults)


def _ladder_faults(policy: Policy, posts: Collection[tuple[Role, Level]]) -> list[tuple[Location, str, str]]:
    faults: list[tuple[Location, str, str]] = []
    for i, standard in enumerate(policy.standards):
        ladder = policy.ladder(standard.ladder)
        if ladder is None or not ladder.rungs:
            zh, en = f"标准“{standard.code}”没有升级梯级", f"standard “{standard.code}” has no ladder to climb"
            faults.append((("standards", i), zh, en))
    for i, ladder in enumerate(policy.ladders):
        targets = [target for rung in ladder.rungs for target in rung.targets if not target.host]
        if targets and not any((t.role, t.level) in posts for t in targets):
            zh, en = f"“{ladder.code}”的对象无一在岗", f"nobody holds any role that “{ladder.code}” would reach"
            faults.append((("ladders", i), zh, en))
    return faults


def _zone_exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
