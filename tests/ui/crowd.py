"""The data of a whole park: 600 micro-grids with outlines, 5,000 open cases in them, one with 200 facts."""

import math
from typing import Any

from sqlalchemy import insert, text

from infra.database import transaction
from models.enums import Level, UnitType
from models.tables import GridUnitRow
from tests.builders import COMMUNITY, GRID, PARK
from tests.ui.site import Site

GRIDS, CASES, FACTS = 600, 5_000, 200
_ACROSS = 30
#: A park's corner and the size of a micro-grid, degrees.
_WEST, _SOUTH, _SIDE = 117.0, 38.0, 0.004

#: Copies of the case, as a queue and a map look at them: each with a number, a place and a deadline of its own.
_CASES = """
INSERT INTO cases SELECT copy.*
FROM cases c
JOIN generate_series(2, :cases) n ON true
JOIN (SELECT code, path, row_number() OVER (ORDER BY code) - 1 AS place FROM grid_units
      WHERE code LIKE :grids) u ON u.place = n % :units,
LATERAL (SELECT gen_random_uuid() AS id, 'K' || n AS no, '拥挤 ' || n AS name,
         n * interval '7 minutes' - interval '6 hours' AS later) own,
LATERAL jsonb_populate_record(c, jsonb_build_object('report_id', id, 'case_no', no, 'title', name, 'grid', code,
    'grid_path', path, 'due_at', c.due_at + later, 'reported_at', c.reported_at - later,
    'updated_at', c.updated_at - later,
    'state', c.state || jsonb_build_object('report_id', id, 'case_no', no, 'title', name, 'grid', code,
        'grid_path', string_to_array(path::text, '.')))) copy
WHERE c.case_no = :first
"""
_WORDS = """
INSERT INTO case_words (report_id, case_no, words) SELECT report_id, case_no, title FROM cases WHERE case_no LIKE 'K%'
"""
_TASKS = """
INSERT INTO tasks SELECT c.report_id, t.key, t.kind, t.assignee_kind, t.assignee_id, c.due_at
FROM tasks t JOIN cases f ON f.report_id = t.report_id AND f.case_no = :first, cases c WHERE c.case_no LIKE 'K%'
"""
#: The comment of the case, told again and again, with the numbers that follow.
_FACTS = """
INSERT INTO facts SELECT copy.*
FROM facts f JOIN cases c ON c.report_id = f.report_id, generate_series(1, :facts - f.seq) n,
LATERAL jsonb_populate_record(f, jsonb_build_object('seq', f.seq + n, 'command_id', gen_random_uuid(),
    'at', f.at + n * interval '1 second')) copy
WHERE c.case_no = :long AND f.kind = 'commented'
"""
_LONGER = """
UPDATE cases SET seq = :facts, state = state || jsonb_build_object('seq', CAST(:facts AS int)) WHERE case_no = :long
"""


def crowd(site: Site) -> dict[str, str]:
    """Fills the site, and says which is the `long` case, and the `grid` that all lie in."""
    first = site.at_handling(title="拥挤 1")
    long = site.at_handling(title="一再商议的案件")
    site.do("labour_handler", long, "comment", note="已联系企业,约定明日上午到场核对工资册。")
    site.run(_fill(site, first, long))
    return {"long": long, "grid": GRID}


async def _fill(site: Site, first: str, long: str) -> None:
    told = {"first": first, "cases": CASES, "units": GRIDS, "grids": f"{GRID}1%", "long": long, "facts": FACTS}
    async with transaction(site.harness.engine) as connection:
        await connection.execute(insert(GridUnitRow), [_unit(number) for number in range(GRIDS)])
        for statement in (_CASES, _WORDS, _TASKS, _FACTS, _LONGER):
            await connection.execute(text(statement), told)
        await connection.execute(text("ANALYZE cases, tasks, facts, grid_units"))


def _unit(number: int) -> dict[str, Any]:
    west, south = _WEST + number % _ACROSS * _SIDE, _SOUTH + number // _ACROSS * _SIDE
    code = f"{GRID}1{number:03}"
    return {
        "code": code, "name": f"第{number + 1}微网格", "level": int(Level.MICRO_GRID), "parent": GRID,
        "path": ".".join((PARK, COMMUNITY, GRID, code)), "type": UnitType.TERRITORIAL.value, "households": 80,
        "enterprise": None, "retired_on": None, "geometry": _outline(west, south), "west": west, "south": south,
        "east": west + _SIDE, "north": south + _SIDE,
    }  # fmt: skip


def _outline(west: float, south: float) -> dict[str, Any]:
    """A closed line of 25 points, uneven like streets."""
    middle = (west + _SIDE / 2, south + _SIDE / 2)
    corners = []
    for step in range(24):
        angle = step * math.tau / 24
        reach = _SIDE / 2 * (0.85 + 0.15 * math.sin(7 * angle + west * 1e3))
        corners.append([round(middle[0] + reach * math.cos(angle), 6), round(middle[1] + reach * math.sin(angle), 6)])
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}
