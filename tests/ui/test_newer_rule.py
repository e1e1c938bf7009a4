"""The policy of a case compared with the version in force: which limits differ, on the case page."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from infra.store.policies import newest_version, policy_version
from models.enums import LimitUnit
from models.policy.document import Policy
from models.policy.limits import Limit
from models.tables import PolicyRow
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.site import Site

#: Numbered before the version that the site was opened with: it has never been in force here.
EARLIER = 0


@pytest.fixture(scope="module")
def earlier(site: Site) -> dict[str, Limit]:
    """A version whose category 0201 has an hour more to dispatch, and a handling limit from a law. Gives the limits in
    force."""
    law = Limit(amount=15, unit=LimitUnit.LEGAL_WORK_DAY, source="law: 劳动保障监察条例 §17")
    in_force: dict[str, Limit] = {}

    async def insert() -> None:
        async with site.harness.engine.begin() as connection:
            policy = await policy_version(connection, await newest_version(connection))
            content = policy.model_dump(mode="json")
            (category,) = (one for one in content["categories"] if one["code"] == "0201")
            limits = category["limits"]
            in_force.update({name: Limit.model_validate(limits[name]) for name in ("dispatch", "handle")})
            limits["dispatch"]["amount"] += 1
            limits["handle"] = law.model_dump(mode="json")
            Policy.model_validate(content)
            long_ago = datetime(2020, 1, 1, tzinfo=UTC)
            row = {"version": EARLIER, "published_at": long_ago, "effective_from": long_ago, "digest": "test-earlier"}
            table = PolicyRow.__table__  # type: ignore[attr-defined]
            await connection.execute(table.insert().values(**row, content=content))

    site.run(insert())
    return in_force


def under(site: Site, version: int, case_no: str) -> None:
    """Set the version of the case, as if it had been accepted under it."""

    async def turn() -> None:
        async with site.harness.engine.begin() as connection:
            await connection.execute(
                text(
                    "UPDATE cases SET state = jsonb_set(state, '{policy_version}', to_jsonb(CAST(:version AS int)))"
                    " WHERE case_no = :no"
                ),
                {"version": version, "no": case_no},
            )

    site.run(turn())


def test_the_limits_then_and_now_stand_side_by_side(open_page: OpenPage, site: Site, earlier: dict[str, Limit]) -> None:
    no = site.at_handling(title="规则对照")
    page = open_page("labour_handler", f"/cases/{no}")
    expect(page.locator("#case-facts")).to_be_visible()
    expect(page.locator(".newer")).to_have_count(0)
    under(site, EARLIER, no)
    for lang in ("zh", "en"):
        page.goto(f"/cases/{no}?lang={lang}")
        page.locator(".newer summary").click()
        then, now = page.locator(".newer [data-then]"), page.locator(".newer [data-now]")
        expect(then).to_have_count(2)
        expect(now).to_have_count(2)
        dispatch, handle = earlier["dispatch"].amount, earlier["handle"].amount
        expect(then.nth(0)).to_contain_text(f" {dispatch + 1:g} ")
        expect(now.nth(0)).to_contain_text(f" {dispatch:g} ")
        expect(then.nth(1)).to_contain_text("劳动保障监察条例")
        expect(now.nth(1)).to_contain_text(f" {handle:g} ")
        check_screen(page)
        page.locator(".newer").scroll_into_view_if_needed()
        screenshot(page, f"case-newer-{lang}")
