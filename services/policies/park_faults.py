"""What is wrong with the park's part of a policy here: names of categories and departments that do not exist."""

from collections.abc import Collection, Iterator

from models.policy.document import Policy
from services.files.reference_files import Location

Fault = tuple[Location, str, str]


def park_faults(policy: Policy, departments: Collection[str]) -> Iterator[Fault]:
    """Yield each fault with its place in the file, in Chinese and English."""
    silence = policy.park.stations.silence_category
    if silence is not None and policy.category(silence) is None:
        yield ("park", "stations", "silence_category"), f"没有小类“{silence}”", f"there is no category “{silence}”"
    for i, plan in enumerate(policy.park.emergencies.plans):
        place: Location = ("park", "emergencies", "plans", i)
        for j, prefix in enumerate(plan.categories):
            if not any(category.code.startswith(prefix) for category in policy.categories):
                yield (*place, "categories", j), f"没有以“{prefix}”开头的小类", f"no category begins with “{prefix}”"
        for j, step in enumerate(plan.steps):
            name = step.department
            if name is not None and name not in departments:
                zh, en = f"没有部门“{name}”", f"there is no department “{name}”"
                yield (*place, "steps", j, "department"), zh, en
