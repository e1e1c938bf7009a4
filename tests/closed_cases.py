"""Closed cases of three categories, from which models of tests learn."""

from services.suggestions.features import read_text
from services.suggestions.fit import Example

PLACES = ("创业路", "纬三路口", "经五路南段", "滨河东路", "物流大道", "西门公交站旁", "农贸市场北门")
#: What was told, how severe it was, and who handled it, by category.
TOLD = {
    "0201": ("拖欠工资三个月未发", "ordinary", "labour"),
    "0302": ("雨水口流出彩色废水有泡沫", "urgent", "fire"),
    "0103": ("消防通道被货车堵住", "pressing", "fire"),
}


def closed_examples(count: int = 120) -> list[Example]:
    """So many cases of three categories in turn, each at a place; the rules name the right host in half of them."""
    codes = list(TOLD)
    made = []
    for number in range(count):
        code = codes[number % 3]
        words, severity, host = TOLD[code]
        form = read_text(f"{PLACES[number % 7]}{words}", f"第 {number} 次反映,电话 1381234{number:04d}").form
        rule = "environment" if number % 2 else host
        made.append(Example(form=form, category=code, severity=severity, host=host, grid="g1", rule_host=rule))
    return made
