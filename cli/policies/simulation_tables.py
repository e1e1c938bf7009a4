"""A simulation in the terminal: tables with a column per policy."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table

from cli.labels import localize
from services.simulation.labels import HOST, LEVELS, MODES, ROLES, STAGES, format_hours, format_local, format_rate
from services.simulation.results import Changed, Compared, PolicyResult, Result, Share

#: How many of a long list are shown.
MAX_ROWS = 10
MAX_EXAMPLES = 5


def print_result(console: Console, result: Result) -> None:
    """Every table, and what the figures mean."""
    whole = localize("推演(机械)", "Simulation (mechanical)")
    console.print(f"{whole}: {result.source}", style="bold", highlight=False, markup=False)
    told = localize(
        f"{result.cases} 件案件,{result.clocks} 段计时,其中 {result.still_running} 段仍在运行",
        f"{result.cases} cases, {result.clocks} clocks, {result.still_running} of them still running",
    )
    console.print(told, highlight=False)
    for policy in result.policies:
        console.print(f"  {policy.letter} = {policy.label} ({policy.name})", highlight=False, markup=False)
    console.print(_summary(result.policies))
    for title, pick in (
        (localize("超期:按环节", "Missed, per stage"), lambda p: p.stages),
        (localize("超期:按大类", "Missed, per category group"), lambda p: p.groups),
        (localize("超期:按单元", "Missed, per unit"), lambda p: p.units),
    ):
        console.print(_shares(title, result.policies, pick))
    console.print(_escalations(result.policies))
    console.print(_load(result.policies))
    _print_vacancies(console, result.policies)
    for comparison in result.comparisons:
        _print_comparison(console, comparison, result)
    for note in (
        localize(result.replayed_zh, result.replayed_en),
        localize(result.mechanical_zh, result.mechanical_en),
    ):
        console.print("* " + note, style="italic", highlight=False, markup=False)


def _table(title: str, policies: Sequence[PolicyResult], first: str) -> Table:
    table = Table(title=title + " *", title_justify="left", title_style="bold", box=None, padding=(0, 2))
    table.add_column(first, overflow="fold")
    for policy in policies:
        table.add_column(policy.letter, justify="right")
    return table


def _summary(policies: Sequence[PolicyResult]) -> Table:
    table = _table(localize("总览", "Overview"), policies, "")
    rows: tuple[tuple[str, Callable[[PolicyResult], str]], ...] = (
        (localize("超期的期限", "deadlines missed"), lambda p: format_rate(p.missed, p.clocks)),
        (localize("有超期的案件", "cases with a missed deadline"), lambda p: format_rate(p.cases_missed, p.cases)),
        (
            localize("超期时长中位数(自然时间)", "median lateness, natural time"),
            lambda p: format_hours(p.late_median_hours),
        ),
        (localize("超期时长 90 分位", "p90 lateness"), lambda p: format_hours(p.late_p90_hours)),
        (localize("系统督办", "urge orders by the system"), lambda p: str(p.urge_orders)),
        (localize("只剩兜底责任人的案件", "cases left to the fallback owner"), lambda p: str(p.left_to_fallback)),
        (localize("无人负责的案件", "cases nobody would be left with"), lambda p: str(p.left_to_nobody)),
        (localize("空缺的岗位", "vacancies met"), lambda p: str(p.vacant)),
        (
            localize("节假日未知的期限(只计周末)", "deadlines in years of unknown holidays"),
            lambda p: str(p.provisional),
        ),
        (localize("规则未涵盖", "not covered"), lambda p: _format_counts(p.not_covered)),
        (localize("无法计算", "could not be counted"), lambda p: _format_counts(p.uncountable)),
    )
    for name, tell in rows:
        table.add_row(name, *map(tell, policies))
    return table


def _format_counts(found: dict[str, int]) -> str:
    if not found:
        return "0"
    return f"{sum(found.values())} ({', '.join(f'{key}: {times}' for key, times in found.items())})"


def _shares(title: str, policies: Sequence[PolicyResult], pick: Callable[[PolicyResult], Iterable[Share]]) -> Table:
    table = _table(title, policies, "")
    found = [{share.key: share for share in pick(policy)} for policy in policies]
    keys = {key: share for one in reversed(found) for key, share in one.items()}
    for key in keys:
        share = keys[key]
        cells = (one.get(key) for one in found)
        name = localize(share.name_zh, share.name_en)
        table.add_row(name, *(format_rate(c.missed, c.clocks) if c else "—" for c in cells))
    return table


def _escalations(policies: Sequence[PolicyResult]) -> Table:
    table = _table(localize("升级:到达的层级", "Escalations, by the level reached"), policies, "")
    for place, first in enumerate(policies[0].escalations):
        times = [policy.escalations[place].times for policy in policies]
        if first.level is not None or any(times):
            table.add_row(f"{localize(*LEVELS[first.level])} · {localize(*MODES[first.mode])}", *map(str, times))
    table.add_row(localize(*HOST), *(str(p.hosts_told) for p in policies))
    return table


def _load(policies: Sequence[PolicyResult]) -> Table:
    title = localize(f"负担:分到 + 知会 + 接手(前 {MAX_ROWS})", f"Load: given + told + to act (top {MAX_ROWS})")
    table = _table(title, policies, "")
    found = [{one.id: one for one in policy.load} for policy in policies]
    everybody = {id_: one for each in found for id_, one in each.items()}
    ordered = sorted(everybody, key=lambda id_: (-max(each[id_].total if id_ in each else 0 for each in found), id_))
    for id_ in ordered[:MAX_ROWS]:
        cells = (each.get(id_) for each in found)
        row = (f"{c.given} + {c.told} + {c.to_act} = {c.total}" if c else "0" for c in cells)
        table.add_row(everybody[id_].name, *row)
    return table


def _print_vacancies(console: Console, policies: Sequence[PolicyResult]) -> None:
    table = _table(localize(f"遇到的空缺岗位(前 {MAX_ROWS})", f"Vacancies met (top {MAX_ROWS})"), policies, "")
    found = [{(v.role, v.unit): v for v in policy.vacancies} for policy in policies]
    known = {key: vacant for each in found for key, vacant in each.items()}
    ordered = sorted(known, key=lambda key: (-max(each[key].times if key in each else 0 for each in found), key))
    for key in ordered[:MAX_ROWS]:
        cells = (each.get(key) for each in found)
        name = f"{localize(*ROLES[key[0]])} · {known[key].name}"
        table.add_row(name, *(str(cell.times) if cell else "0" for cell in cells))
    if ordered:
        console.print(table)


def _print_comparison(console: Console, comparison: Compared, result: Result) -> None:
    one, other = comparison.first, comparison.second
    title = localize(f"变化:{one} 与 {other}", f"What changes between {one} and {other}")
    console.print(title + " *", style="bold", highlight=False)
    console.print(
        localize(
            f"  仅在 {one} 下超期 {comparison.only_first},仅在 {other} 下超期 {comparison.only_second},"
            f"两者都超期 {comparison.missed_under_both};涉及 {comparison.changed_cases} 件案件",
            f"  late under {one} only: {comparison.only_first}; under {other} only: {comparison.only_second}; "
            f"under both: {comparison.missed_under_both}; {comparison.changed_cases} cases change",
        ),
        highlight=False,
    )
    for letter, examples in ((one, comparison.only_first_examples), (other, comparison.only_second_examples)):
        if examples:
            console.print(
                localize(f"  仅在 {letter} 下超期,例:", f"  late under {letter} only, such as:"), highlight=False
            )
            console.print(_examples(examples[:MAX_EXAMPLES], result))


def _examples(examples: Sequence[Changed], result: Result) -> Table:
    table = Table(box=None, padding=(0, 1))
    for name in (localize("案件", "case"), localize("小类", "category"), localize("环节", "stage")):
        table.add_column(name, overflow="fold")
    for name in (
        localize("起", "from"),
        localize("止", "to"),
        *(f"{p.letter} {localize('期限', 'due')}" for p in result.policies),
    ):
        table.add_column(name, no_wrap=True)
    for case in examples:
        ends = _format_without_year(case.ended_at, result) if case.ended_at else localize("仍在办", "open")
        marked = zip(case.due_at, ("✗" if late else "✓" for late in case.missed), strict=True)
        table.add_row(
            case.case,
            localize(case.name_zh, case.name_en),
            localize(*STAGES[case.stage]),
            format_local(case.started_at, result.zone),
            ends,
            *(f"{_format_without_year(at, result)} {mark}" for at, mark in marked),
        )
    return table


def _format_without_year(moment: datetime | None, result: Result) -> str:
    """Without the year, which the start has told."""
    return format_local(moment, result.zone)[5:] if moment else "—"
