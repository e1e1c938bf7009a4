"""Titles made of descriptions: the first words, cut where a phrase ends; without any, category and place."""

import pytest

from models.commands import Part, Split
from rules.titles import WIDEST, title_of
from tests.rules.world import Life

PLACE = "丘头社区第1网格02号微网格"


@pytest.mark.parametrize(
    ("description", "title"),
    [
        ("东门消防通道被货车堵住。已经两天了,没人管。", "东门消防通道被货车堵住"),
        ("桶满外溢,有异味。", "桶满外溢,有异味"),
        ("有味。昨天晚上开始的!请尽快来看", "有味。昨天晚上开始的"),
        ("第一行说明问题\n第二行是细节", "第一行说明问题"),
        ("车间配电箱3.5米高处线头外露,旁边堆放纸箱;请处理", "车间配电箱3.5米高处线头外露,旁边堆放纸箱"),
        ("A truck blocks the fire lane. It has been there for two days.", "A truck blocks the fire lane"),
        ("Version 2.5 of the meter fails", "Version 2.5 of the meter fails"),
        ("您好!3 号楼东侧路灯不亮", "您好!3 号楼东侧路灯不亮"),
        ("南门井盖破损\uff0c\n有异响", "南门井盖破损"),
        ("东门消防通道被货车堵住\uff01已经两天", "东门消防通道被货车堵住"),
        ("桶满外溢\uff0c有异味\uff1b请清运", "桶满外溢\uff0c有异味"),
        ("", "生活垃圾 · 丘头社区第1网格02号"),
        (" \n ", "生活垃圾 · 丘头社区第1网格02号"),
        ("。。。", "生活垃圾 · 丘头社区第1网格02号"),
        ("\n位置: 东门岗亭", "生活垃圾 · 东门岗亭"),
        ("地点:北巷 3 号\n垃圾没人收", "垃圾没人收"),
        ("Place: gate 3", "生活垃圾 · gate 3"),
    ],
)
def test_the_title_is_what_the_reporter_wrote_first(description: str, title: str) -> None:
    assert title_of(description, "生活垃圾", PLACE) == title


@pytest.mark.parametrize(
    ("description", "begins"),
    [
        (
            "主路北侧第三个路口往东约两百米的位置有一处塌陷,直径约一米,深二十厘米,附近没有警示标志",
            "主路北侧第三个路口往东约两百米的位置有一处塌陷",
        ),
        ("主" * 200, "主" * 29 + "…"),
        ("word " * 60, "word word"),
        ("x" * 300, "x" * 59 + "…"),
        ("👩‍👩‍👧" * 40, "👩"),
    ],
)
def test_a_long_sentence_is_cut_at_a_phrase_else_with_an_ellipsis(description: str, begins: str) -> None:
    title = title_of(description, "生活垃圾", PLACE)
    assert title.startswith(begins)
    assert 0 < len(title) <= WIDEST
    assert title == title.strip()
    assert "\n" not in title


def test_without_place_and_description_the_category_is_the_title() -> None:
    assert title_of("", "生活垃圾") == "生活垃圾"
    assert len(title_of("", "长" * 200, PLACE)) <= WIDEST


def test_a_report_without_a_title_gets_one_and_a_title_given_stays() -> None:
    assert Life(title=None, description="东门被货车堵住。两天了").case.title == "东门被货车堵住"
    assert Life(title="我的标题", description="东门被货车堵住").case.title == "我的标题"


def test_a_part_split_off_needs_no_title() -> None:
    part = Part(category="0201", description="工资也没有发")
    assert Split(parts=(part,), reason="两件事").parts[0].title is None
    assert "title" not in part.model_dump(), "a split written earlier reads the same"
