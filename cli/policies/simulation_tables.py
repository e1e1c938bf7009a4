"""Tables of a simulation in the terminal, with a column per policy."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from rich.console import Console

from cli.labels import localize
from cli.output import Column, build_table
from cli.plan_load import print_load
from cli.tables import DataTable
from models.english import counted
from services.simulation.labels import HOST, LEVELS, MODES, ROLES, STAGES, format_hours, format_local, format_rate
from services.simulation.results import Changed, Compared, PolicyResult, Result, Share

#: How many rows of a long list are printed.
MAX_ROWS = 10
MAX_EXAMPLES = 5


def print_result(console: Console, result: Result) -> None:
    """Print every table, and notes on what the figures mean."""
    whole = localize("推演(机械)", "Simulation (mechanical)")
    console.print(f"{whole}: {result.source}", style="bold", highlight=False, markup=False)
    summary = localize(
        f"{result.cases} 件案件,{result.clocks} 段计时,其中 {result.still_running} 段仍在运行",
        f"{counted(result.cases, 'case')}, {counted(result.clocks, 'clock')}, "
        f"{result.still_running} of them still running",
    )
    console.print(summary, highlight=False)
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
    for policy, load in zip(result.policies, result.plans, strict=False):
        print_load(console, load, policy.letter)
    for comparison in result.comparisons:
        _print_comparison(console, comparison, result)
    for note in (
        localize(result.replayed_zh, result.replayed_en),
        localize(result.mechanical_zh, result.mechanical_en),
    ):
        console.print("* " + note, style="italic", highlight=False, markup=False)


def _policy_table(title: str, policies: Sequence[PolicyResult]) -> DataTable:
    """Return an empty table: a column of names, then one per policy. The asterisk points to the notes."""
    letters = (Column(policy.letter, justify="right") for policy in policies)
    return build_table((Column(), *letters), title=title + " *")


def _summary(policies: Sequence[PolicyResult]) -> DataTable:
    table = _policy_table(localize("总览", "Overview"), policies)
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
    for name, format_value in rows:
        table.add_row(name, *map(format_value, policies))
    return table


def _format_counts(counts: dict[str, int]) -> str:
    if not counts:
        return "0"
    return f"{sum(counts.values())} ({', '.join(f'{key}: {times}' for key, times in counts.items())})"


def _shares(title: str, policies: Sequence[PolicyResult], pick: Callable[[PolicyResult], Iterable[Share]]) -> DataTable:
    table = _policy_table(title, policies)
    by_policy = [{share.key: share for share in pick(policy)} for policy in policies]
    shares = {key: share for found in reversed(by_policy) for key, share in found.items()}
    for key, share in shares.items():
        cells = (found.get(key) for found in by_policy)
        name = localize(share.name_zh, share.name_en)
        table.add_row(name, *(format_rate(c.missed, c.clocks) if c else "—" for c in cells))
    return table


def _escalations(policies: Sequence[PolicyResult]) -> DataTable:
    table = _policy_table(localize("升级:到达的层级", "Escalations, by the level reached"), policies)
    for index, first in enumerate(policies[0].escalations):
        times = [policy.escalations[index].times for policy in policies]
        if first.level is not None or any(times):
            table.add_row(f"{localize(*LEVELS[first.level])} · {localize(*MODES[first.mode])}", *map(str, times))
    table.add_row(localize(*HOST), *(str(p.hosts_told) for p in policies))
    return table


def _load(policies: Sequence[PolicyResult]) -> DataTable:
    title = localize(f"负担:分到 + 知会 + 接手(前 {MAX_ROWS})", f"Load: given + told + to act (top {MAX_ROWS})")
    table = _policy_table(title, policies)
    by_policy = [{load.id: load for load in policy.load} for policy in policies]
    people = {id_: load for found in by_policy for id_, load in found.items()}
    ordered = sorted(
        people, key=lambda id_: (-max(found[id_].total if id_ in found else 0 for found in by_policy), id_)
    )
    for id_ in ordered[:MAX_ROWS]:
        cells = (found.get(id_) for found in by_policy)
        row = (f"{c.given} + {c.told} + {c.to_act} = {c.total}" if c else "0" for c in cells)
        table.add_row(people[id_].name, *row)
    return table


def _print_vacancies(console: Console, policies: Sequence[PolicyResult]) -> None:
    table = _policy_table(localize(f"遇到的空缺岗位(前 {MAX_ROWS})", f"Vacancies met (top {MAX_ROWS})"), policies)
    by_policy = [{(v.role, v.unit): v for v in policy.vacancies} for policy in policies]
    vacancies = {key: vacancy for found in by_policy for key, vacancy in found.items()}
    ordered = sorted(
        vacancies, key=lambda key: (-max(found[key].times if key in found else 0 for found in by_policy), key)
    )
    for key in ordered[:MAX_ROWS]:
        cells = (found.get(key) for found in by_policy)
        name = f"{localize(*ROLES[key[0]])} · {vacancies[key].name}"
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


def _examples(examples: Sequence[Changed], result: Result) -> DataTable:
    dates = (localize("起", "from"), localize("止", "to"))
    due = (f"{policy.letter} {localize('期限', 'due')}" for policy in result.policies)
    columns = (Column(heading, no_wrap=True) for heading in (*dates, *due))
    table = build_table((*localize("案件 小类 环节", "case category stage").split(), *columns), gap=1)
    for case in examples:
        ends = _format_without_year(case.ended_at, result) if case.ended_at else localize("仍在办", "open")
        marks = zip(case.due_at, ("✗" if late else "✓" for late in case.missed), strict=True)
        table.add_row(
            case.case,
            localize(case.name_zh, case.name_en),
            localize(*STAGES[case.stage]),
            format_local(case.started_at, result.zone),
            ends,
            *(f"{_format_without_year(at, result)} {mark}" for at, mark in marks),
        )
    return table


def _format_without_year(moment: datetime | None, result: Result) -> str:
    """Return a moment without the year, which the start of the clock shows."""
    return format_local(moment, result.zone)[5:] if moment else "—"
