"""Render a simulation as one HTML page in Chinese and English: charts as SVG, no scripts, no external resources."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from services.simulation.charts import Bar, Row, draw_bar_chart, draw_legend
from services.simulation.labels import LEVELS, MODES, ROLES, STAGES, format_hours, format_local, format_rate
from services.simulation.results import PolicyResult, Result, Share

#: How many people and departments, units and vacancies are shown.
TOP = 20


def render_page(result: Result) -> str:
    """Return the page. Every text is escaped."""
    policies = result.policies
    return _template().render(
        result=result,
        keys=dict(draw_legend([policy.letter for policy in policies])),
        stages=_shares("各环节超期 · missed per stage", policies, lambda p: p.stages),
        groups=_shares("各大类超期 · missed per category group", policies, lambda p: p.groups),
        units=_shares("各单元超期 · missed per unit", policies, lambda p: p.units, TOP),
        escalations=_escalations(policies),
        load=_load(policies),
        vacancies=_vacancies(policies),
        moment=lambda at: format_local(at, result.zone),
        hours=format_hours,
        rate=format_rate,
        stage_words=lambda stage: " ".join(STAGES[stage]),
    )


@cache
def _template() -> Template:
    loader = PackageLoader("services.simulation", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("simulation.html")


def _shares(
    title: str,
    policies: Sequence[PolicyResult],
    pick: Callable[[PolicyResult], Iterable[Share]],
    limit: int | None = None,
) -> Markup:
    by_policy = [{share.key: share for share in pick(policy)} for policy in policies]
    shares = {name: share for each in reversed(by_policy) for name, share in each.items()}
    keys = list(shares)
    if limit is not None:
        keys = sorted(keys, key=lambda k: (-max(each[k].missed if k in each else 0 for each in by_policy), k))[:limit]
    rows = [
        Row(
            shares[k].name_zh,
            shares[k].name_en,
            tuple(_share_bar(policy, each.get(k)) for policy, each in zip(policies, by_policy, strict=True)),
        )
        for k in keys
    ]
    return draw_bar_chart(title, rows)


def _share_bar(policy: PolicyResult, share: Share | None) -> Bar:
    if share is None:
        return Bar(policy.letter, 0, "—")
    return Bar(policy.letter, share.missed, format_rate(share.missed, share.clocks))


def _escalations(policies: Sequence[PolicyResult]) -> Markup:
    rows = []
    for place, first in enumerate(policies[0].escalations):
        times = [policy.escalations[place].times for policy in policies]
        if first.level is None and not any(times):
            continue
        zh, en = LEVELS[first.level]
        mode_zh, mode_en = MODES[first.mode]
        rows.append(Row(f"{zh} · {mode_zh}", f"{en} · {mode_en}", _plain(policies, times)))
    rows.append(
        Row("承办方 · 知会", "whoever handles it · informed", _plain(policies, [p.hosts_told for p in policies]))
    )
    return draw_bar_chart("各层级升级次数 · escalations per level", rows)


def _plain(policies: Sequence[PolicyResult], values: Sequence[int]) -> tuple[Bar, ...]:
    return tuple(Bar(policy.letter, value, str(value)) for policy, value in zip(policies, values, strict=True))


def _load(policies: Sequence[PolicyResult]) -> Markup:
    by_policy = [{loaded.id: loaded for loaded in policy.load} for policy in policies]
    everybody = {id_: loaded for each in reversed(by_policy) for id_, loaded in each.items()}
    ordered = sorted(
        everybody, key=lambda id_: (-max(each[id_].total if id_ in each else 0 for each in by_policy), id_)
    )
    rows = []
    for id_ in ordered[:TOP]:
        loaded = everybody[id_]
        kind = "部门 department" if loaded.kind == "department" else "人员 person"
        cells = (each.get(id_) for each in by_policy)
        figures = (
            Bar(p.letter, c.total, f"{c.given}+{c.told}+{c.to_act} = {c.total}") if c else Bar(p.letter, 0, "0")
            for p, c in zip(policies, cells, strict=True)
        )
        rows.append(Row(loaded.name, kind, tuple(figures)))
    return draw_bar_chart("人员与部门负担 · load per person and department", rows)


def _vacancies(policies: Sequence[PolicyResult]) -> list[tuple[str, str, str, list[int]]]:
    by_policy = [{(v.role, v.unit): v for v in policy.vacancies} for policy in policies]
    vacancies = {at: vacant for each in by_policy for at, vacant in each.items()}
    ordered = sorted(vacancies, key=lambda at: (-max(each[at].times if at in each else 0 for each in by_policy), at))
    return [
        (*ROLES[at[0]], vacancies[at].name, [each[at].times if at in each else 0 for each in by_policy])
        for at in ordered[:TOP]
    ]
