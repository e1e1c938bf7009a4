"""Plans and duties on the command line: made, counted, listed, reported, refused."""

import json
import time
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.builders import COMMUNITY, MICRO
from tests.cli.conftest import Run, answer, refusal


def test_a_plan_and_its_duties(api: Run) -> None:
    begins = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(minutes=1)
    place = uuid4().hex[:8]
    rhythm = {"kind": "per_shift", "minutes": 600, "shifts": [{"name": "当班", "begins": f"{begins:%H:%M}"}]}
    fields = (
        "name=命令行班前检查",
        f"grid={COMMUNITY}",
        "work=pre_shift",
        f"places={json.dumps([{'grid': MICRO, 'name': place}])}",
        'workers={"role":"grid_worker"}',
        f"rhythm={json.dumps(rhythm)}",
        'plant_days={"weekdays":[1,2,3,4,5,6,7],"on_holidays":true}',
        "checklist=pre-shift",
    )
    code = answer(api("plans", "new", *fields, "--json"))["code"]
    assert code in refusal(api("plans", "new", *fields)), "the same plan again"
    assert "has no checklist nope" in refusal(api("plans", "new", *fields[:-1], "checklist=nope"))
    assert "must not be less than 1" in refusal(
        api("plans", "new", *fields[:5], 'rhythm={"kind":"every","n":0,"unit":"day"}')
    )
    deadline = time.monotonic() + 10
    while not (found := answer(api("duties", "list", "--plan", code, "--open", "--json"))["items"]):
        assert time.monotonic() < deadline
    duty = found[0]["id"]
    assert place in api("duties", "list", "--mine", "--open", "--as", "worker").output
    assert "no result yet" in refusal(api("duties", "report", duty, "--as", "worker"))
    assert "you may not see it" in refusal(api("duties", "report", duty, "--all-ok", "--as", "other_duty"))
    told = api("duties", "report", duty, "note=正常", "--all-ok", "--as", "worker").output
    assert "done" in told
    assert "exits exits are clear: ok" in told
    again = refusal(api("duties", "report", duty, "--all-ok", "--as", "supervisor"))
    assert "网格员 reported this duty" in again
    assert "done by 网格员" in api("duties", "show", duty).output
    assert answer(api("duties", "figures", "--json"))["totals"]["done"] >= 1
    assert "Load of duties: " in api("plans", "load", "--days", "5").output
    assert "/query/status" in refusal(api("duties", "list", "--status", "nope"))
