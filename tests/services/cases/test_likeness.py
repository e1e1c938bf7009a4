"""Which reports are likely the same matter, by words, place and time; and which are not, however common their words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from infra.store.search_words import search_form
from services.cases.compared import Compared
from services.cases.likeness import Rarity, likeness, pairs_of, rarity_of
from services.demo.past.plan import read_past_file

#: What everybody writes, as often as in a town: one in four reports is about noise, in nearly the same words.
EVERYBODY = (
    "噪音扰民", "噪音扰民,请处理", "夜间施工噪音扰民", "反映噪音扰民问题,请尽快处理", "垃圾堆放", "路灯不亮",
    "占道经营", "乱停车",
)  # fmt: skip


@pytest.fixture(scope="module")
def rarity() -> Rarity:
    file = read_past_file()
    told = [f"{file.places[n % len(file.places)]}{one.title.replace('{place}', '')} {one.description}"
            for n in range(8) for one in file.reports]  # fmt: skip
    common = [EVERYBODY[n % len(EVERYBODY)] for n in range(len(told) // 2)]
    return rarity_of(map(search_form, [*told, *common]))


def compared(
    one: str, other: str, rarity: Rarity, metres: float | None, hours: float, kind: str = "category"
) -> Compared:
    return Compared(
        metres=metres,
        apart=timedelta(hours=hours),
        same_category=kind == "category",
        same_group=kind in {"category", "group"},
        like=likeness(pairs_of(one), pairs_of(other), rarity),
    )


#: One report, another, metres, hours, kind, and why it may be the same.
SAME = [
    ("幸福小区3号楼下化粪池外溢",
     "幸福小区3号楼下化粪池外溢", 10, 1, "category", "同一小类,用词相同,相距 10 米,相隔 1 小时"),
    ("幸福小区3号楼下化粪池外溢,臭气熏天",
     "幸福小区3号楼化粪池往外溢,很臭", 120, 49, "category", "同一小类,用词相近,相距 120 米,相隔 2 天"),
    ("鑫源木器厂夜里喷漆,油漆味呛人",
     "鑫源木器厂半夜喷漆油漆味很大", 300, 24 * 9, "other", "类别不同,用词相近,相距 300 米,相隔 9 天"),
    ("建設北路橋頭護欄被撞斷", "建设北路桥头护栏被撞断", 450, 100, "group", "同一大类,用词相同,相距 450 米,相隔 4 天"),
    ("东风印染厂排污口冒红水",
     "看到东风印染厂的排污口一直在冒红水,河面都染红了,麻烦派人来看一下",
     200, 30, "other", "类别不同,用词相同,相距 200 米,相隔 30 小时"),
    ("锦绣花园南门井盖丢失 电话13800001111",
     "锦绣花园南门井盖丢失,联系13922223333", None, 20, "category", "同一小类,用词相同,同一网格,相隔 20 小时"),
    ("噪音扰民", "噪音扰民", 30, 2, "category", "同一小类,相距 30 米,相隔 2 小时"),
    ("路灯不亮", "广场东侧三盏灯坏了", 80, 20, "category", "同一小类,相距 80 米,相隔 20 小时"),
]  # fmt: skip
#: Reports that are not shown as the same, though they share words, place or kind.
NOT_SAME = [
    ("噪音扰民", "噪音扰民", 300, 2, "category"),
    ("噪音扰民", "噪音扰民", 30, 100, "category"),
    ("夜间施工噪音扰民", "反映噪音扰民问题,请尽快处理", 250, 5, "category"),
    ("噪音扰民,请尽快处理", "噪音扰民,请尽快处理", None, 24 * 8, "other"),
    ("路灯不亮,请尽快处理", "垃圾堆放,请尽快处理", 20, 1, "other"),
    ("创业路垃圾堆放多日", "滨河东路垃圾堆放多日", 480, 24 * 10, "category"),
    ("占道经营", "乱停车", 50, 2, "group"),
    ("13800001111", "13800001111", 400, 2, "other"),
    ("", "", 400, 2, "other"),
]


@pytest.mark.parametrize(("one", "other", "metres", "hours", "kind", "why"), SAME)
def test_what_may_be_the_same_and_why(
    rarity: Rarity, one: str, other: str, metres: float | None, hours: float, kind: str, why: str
) -> None:
    found = compared(one, other, rarity, metres, hours, kind)
    assert (found.likely, found.why()[0]) == (True, why), found.like
    assert likeness(pairs_of(other), pairs_of(one), rarity) == found.like


@pytest.mark.parametrize(("one", "other", "metres", "hours", "kind"), NOT_SAME)
def test_what_is_not_shown_as_the_same(
    rarity: Rarity, one: str, other: str, metres: float | None, hours: float, kind: str
) -> None:
    found = compared(one, other, rarity, metres, hours, kind)
    assert not found.likely, found.like


def test_the_likeliest_comes_first(rarity: Rarity) -> None:
    told = "幸福小区3号楼下化粪池外溢"
    order = [
        compared(told, "3号楼化粪池外溢,幸福小区", rarity, 40, 5),
        compared(told, "幸福小区化粪池外溢", rarity, 180, 40),
        compared(told, "垃圾堆放", rarity, 20, 5),
        compared(told, "路灯不亮", rarity, 190, 70),
    ]
    assert sorted(order, key=lambda one: -one.score) == order
    assert all(0 <= one.score <= 1 for one in order)


def test_among_few_cases_common_words_are_not_taken_for_rare() -> None:
    rarity = rarity_of(["噪音扰民"] * 2)
    assert not likeness(pairs_of("噪音扰民"), pairs_of("噪音扰民"), rarity).alike


def test_the_name_of_the_neighbourhood_is_no_sign_where_everybody_writes_it(rarity: Rarity) -> None:
    matters = ("电梯停运", "门禁坏了", "楼道堆物", "车位被占", "天花板漏水", "水压不足")
    neighbourhood = [f"幸福小区3号楼{matters[n % 6]}" for n in range(60)] + ["幸福小区3号楼下化粪池外溢"]
    around = replace(rarity, around=rarity_of(map(search_form, neighbourhood)))
    told = "幸福小区3号楼下化粪池外溢"
    assert not compared(told, "幸福小区3号楼电梯停运", around, 20, 2, "other").likely
    assert compared(told, "幸福小区3号楼下化粪池外溢了", around, 20, 2, "other").likely
