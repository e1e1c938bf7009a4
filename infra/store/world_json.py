"""People, and the units above a place, as JSON in SQL: parts of statements that read the organisation around a case."""

from infra.store.criteria.conflicts import without_conflict

#: A person as JSON, with all roles; `{}` is a condition on the row `p` of `people`.
PERSON_JSON = """
    (SELECT json_build_object('id', p.id, 'username', p.username, 'active', p.active,
        'speaks_for', p.speaks_for, 'grants',
        coalesce((SELECT json_agg(json_build_object('role', h.role, 'grid', h.grid, 'department', h.department,
            'since', h.since, 'until', h.until, 'path', coalesce((
                SELECT to_json(string_to_array(ltree2text(u.path), '.')) FROM grid_units u WHERE u.code = h.grid),
                '[]'::json))) FROM (
                SELECT role, grid, department, since, until FROM grants WHERE person = p.id
                UNION ALL
                SELECT g.role, g.grid, g.department, greatest(g.since, a.since), least(g.until, a.until)
                FROM absences a JOIN grants g ON g.person = a.person JOIN people q ON q.id = a.person
                WHERE a.deputy = p.id AND q.active) h), '[]'::json),
        'stands_in', coalesce((SELECT json_agg(json_build_object(
                'person', a.person, 'since', a.since, 'until', a.until)) FROM absences a
                WHERE a.deputy = p.id), '[]'::json),
        'interests', coalesce((SELECT json_agg(json_build_object('kind', i.kind, 'target', i.target,
                'since', i.since, 'until', i.until) ORDER BY i.id) FROM interests i WHERE i.person = p.id), '[]'::json),
        'recused', EXISTS (SELECT 1 FROM cases r WHERE r.recused <> ARRAY[]::uuid[] AND r.recused @> ARRAY[p.id]))
     FROM people p WHERE {})
"""

_UNITS = """
    (SELECT coalesce(json_agg(json_build_object('code', a.code, 'level', a.level, 'name', a.name,
        'retired', a.retired_on IS NOT NULL AND a.retired_on <= {today},
        'staffed', coalesce((SELECT json_agg(DISTINCT g.role) FROM grants g JOIN people p ON p.id = g.person
            WHERE g.grid = a.code AND p.active
            AND g.role IN ('duty_officer', 'reviewer', 'supervisor', 'grid_worker', 'volunteer')
            AND NOT EXISTS (SELECT 1 FROM absences x WHERE x.person = p.id AND x.deputy IS NULL
                AND {today} BETWEEN x.since AND x.until)
            AND g.since <= {today} AND (g.until IS NULL OR g.until >= {today})
            AND {aside}), '[]'::json))
        ORDER BY a.level DESC), '[]'::json)
     FROM grid_units u JOIN grid_units a ON a.code = ANY (string_to_array(ltree2text(u.path), '.'))
     WHERE u.code = {grid})
"""


def units_json(today: str, grid: str, enterprise: str, departments: str, recused: str) -> str:
    """The units up to the park as SQL, for the case that the expressions describe: whoever must step aside from it
    staffs nothing."""
    units = "string_to_array(ltree2text(u.path), '.')"
    aside = without_conflict(
        "p.id", enterprise=enterprise, departments=departments, units=units, recused=recused, day=today
    )
    return _UNITS.format(today=today, grid=grid, aside=aside)
