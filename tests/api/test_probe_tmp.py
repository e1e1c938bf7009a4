from uuid import uuid4
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
import pytest, pytest_asyncio
from tests.api.hall import Hall, open_hall
from tests.servers import Servers
from models.commands import *
from tests.builders import *

@pytest.fixture
async def hall(servers, tmp_path):
    async with open_hall(servers, tmp_path) as h:
        yield h

async def test_probe(hall):
    H = hall
    async def p(label, coro):
        try:
            r = await asyncio.wait_for(coro, 20)
            print(label, r.status_code, r.text[:300])
            return r
        except BaseException as e:
            print(label, "EXC", type(e), e)
    import asyncio
    v = await H.report()
    no = v["case_no"]
    print({k: v[k] for k in v})
    await H.past(datetime.now(UTC)-timedelta(hours=3), ("duty", Reject(reason="x", right_channel="y")))
    for s in ("due_at", "-due_at", "updated_at"):
        r = await p("sort "+s, H.ask("admin", "/cases", sort=s, limit=1))
        if r is not None and r.status_code==200 and r.json()["next_cursor"]:
            r= await p("  next", H.ask("admin", "/cases", sort=s, limit=1, cursor=r.json()["next_cursor"]))
    await p("q nul", H.ask("admin", "/cases", q="a\x00b"))
    await p("owner nul", H.ask("admin", "/cases", owner="a\x00b"))
    await p("path nul", H.ask("admin", "/cases/a%00b"))
    await p("dates", H.ask("admin", "/cases", reported_from="0001-01-01T00:00:00+14:00"))
    await p("dates", H.ask("admin", "/cases", reported_to="9999-12-31T23:59:59-14:00"))
    for c in ("x", "W10=", "WzEsMl0=", "bnVsbA==", "WyIyMDI2LTAxLTAxIiwgIjAxOWY5ZjY1LWQ4ZTUtN2MyZi1iZjE1LWRiZWI1ZDRmMGM5NCJd", "é"):
        await p("cursor "+c, H.ask("admin", "/cases", cursor=c))
    await p("ifmatch", H.command("duty", no, "comment", headers={"If-Match": "9"*5000}, note="x"))
    await p("ifmatch2", H.command("duty", no, "comment", headers={"If-Match": "9"*30}, note="x"))
    await p("title nul", H.send("worker", "/cases", {"report_id": str(uuid4()), **dict(category="0201", title="a\x00b", grid=MICRO)}))
    await p("year1", H.send("worker", "/cases", {"report_id": str(uuid4()), **dict(category="0201", title="ab", grid=MICRO, occurred_at="0001-01-01T00:00:00+14:00")}))
    await p("list", H.ask("admin", "/cases"))
    await p("until 9999", H.command("supervisor", no, "urge", reply_by="9999-12-31T23:59:59-14:00", note="x"))
    await p("note nul", H.command("duty", no, "comment", note="a\x00b"))
    await p("note", H.command("duty", no, "comment", note="ab"))
    await p("surrogate", H.http.post("/cases", content=b'{"title":"\\ud800"}', headers={**H.signed_in("worker"), "content-type":"application/json"}))
    await p("nan", H.http.post("/cases", content=b'{"location":{"lat":NaN,"lon":1}}', headers={**H.signed_in("worker"), "content-type":"application/json"}))
