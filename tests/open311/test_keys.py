"""Keys: who makes them, that they are shown once, that a revoked one is over, and that each has its limit."""

from sqlalchemy import text

from tests.builders import COMMUNITY
from tests.open311.conftest import HERE, Interface

KEYS = "/admin/open311-keys"


def test_a_key_is_made_by_administrators_and_written_down(open311: Interface) -> None:
    site, harness = open311.site, open311.site.harness
    body = {"name": "市民热线平台", "unit": COMMUNITY, "per_hour": 2}
    for username in ("duty", "supervisor", "auditor", "reporter"):
        assert site.run(harness.send(username, KEYS, body)).status_code == 403
        assert site.run(harness.ask(username, KEYS)).status_code == 403
    assert site.run(harness.send("admin", KEYS, {**body, "unit": "nosuch"})).status_code == 422
    made = site.run(harness.send("admin", KEYS, body))
    assert made.status_code == 201
    key, id_ = made.json()["key"], made.json()["id"]
    listed = site.run(harness.get("admin", KEYS))["items"]
    (found,) = (one for one in listed if one["id"] == id_)
    assert (found["name"], found["last_used_at"]) == ("市民热线平台", None)
    assert key not in str(listed)

    report = {"service_code": "0302", **HERE}
    assert [open311.post(key=key, **report).status_code for _ in range(3)] == [200, 200, 429]
    assert open311.post(key=key, **report).headers["retry-after"].isdecimal()
    site.clear_limits()
    assert site.run(harness.http.delete(f"{KEYS}/{id_}", headers=harness.signed_in("admin"))).status_code == 204
    assert open311.post(key=key, **report).status_code == 403
    assert site.run(harness.http.delete(f"{KEYS}/{id_}", headers=harness.signed_in("admin"))).status_code == 404
    (found,) = (one for one in site.run(harness.get("admin", KEYS))["items"] if one["id"] == id_)
    assert found["last_used_at"] is not None
    assert found["revoked_at"] is not None

    async def stored() -> tuple[list[str], str]:
        async with harness.engine.connect() as connection:
            actions = await connection.execute(
                text("SELECT action, before, after FROM admin_actions WHERE kind = 'open311_keys' AND object = :id"),
                {"id": id_},
            )
            rows = actions.all()
            keys = await connection.execute(text("SELECT to_jsonb(k)::text FROM open311_keys k"))
            return [row.action for row in rows], str(rows) + str(keys.all())

    said, everything = site.run(stored())
    assert said == ["open311 key create", "open311 key revoke"]
    assert key not in everything
