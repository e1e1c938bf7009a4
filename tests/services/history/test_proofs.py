"""A proof code shows, later, that nothing up to its fact was changed."""

from uuid import UUID

import pytest
from sqlalchemy import text

from rules.history.proof import Proof, parse_proof
from services.history.proofs import check_proof
from tests.town import Town


async def test_the_code_of_a_case_view_holds_as_the_case_goes_on(town: Town) -> None:
    number = await town.report(title="存证")
    code = (await town.look("worker", number)).proof
    assert code is not None
    await town.do("duty", number, "accept")
    check = await check_proof(town.engine, parse_proof(code))
    assert (check.number, check.seq, check.findings) == (number, 1, ())
    later = (await town.look("worker", number)).proof
    assert later is not None
    assert later != code
    async with town.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE facts DISABLE TRIGGER USER"))
        await connection.execute(text("UPDATE facts SET actor = NULL WHERE kind = 'accepted'"))
    assert (await check_proof(town.engine, parse_proof(code))).findings == ()
    (finding,) = (await check_proof(town.engine, parse_proof(later))).findings
    assert (finding.fault.value, finding.seq) == ("edited", 2)


async def test_a_code_of_another_history_is_refused(town: Town) -> None:
    number = await town.report(title="存证")
    proof = parse_proof((await town.look("worker", number)).proof or "")
    forged = proof._replace(hash=bytes(32))
    assert [finding.fault.value for finding in (await check_proof(town.engine, forged)).findings] == ["rewritten"]
    ahead = proof._replace(seq=5)
    assert {finding.fault.value for finding in (await check_proof(town.engine, ahead)).findings} == {"missing"}
    unknown = Proof(UUID(int=1), 1, bytes(32))
    assert [f.fault.value for f in (await check_proof(town.engine, unknown)).findings] == ["origin_missing"]


def test_a_code_is_read_as_people_type_it() -> None:
    code = f"GL1:{'a' * 8}-0000-4000-8000-{'0' * 12}:12:{'f' * 64}"
    assert str(parse_proof(code)) == code
    assert parse_proof(f" {code[:20]} {code[20:].upper()}\n") == parse_proof(code)
    for wrong in ("", "GL1", code[:-1], code + "0", code.replace(":12:", ":0:"), code.replace("GL1", "GL2")):
        with pytest.raises(ValueError, match="proof code"):
            parse_proof(wrong)
