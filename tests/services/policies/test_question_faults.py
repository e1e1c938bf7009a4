"""Questions that a policy may not ask: each fault at its line, in both languages."""

from pathlib import Path

import pytest

from models.policy.questions import Door
from services.files.reference_files import BadFile
from services.files.shipped import POLICY
from services.policies.files import read_policy
from tests.services.policies.test_variants import BASE

#: Question `kind` begins in line 12, `still` in line 18, `amount` in line 22.
QUESTIONS = """    questions:
      - code: kind
        kind: choice
        text_zh: 哪一类
        text_en: Which kind
        options:
          - {key: smoke, name_zh: 冒烟, name_en: smoke}
          - {key: "no", name_zh: 无, name_en: none}
      - code: still
        kind: yes_no
        text_zh: 是否仍在
        text_en: Is it still there
        shown_if: {question: kind, answers: [smoke]}
        stop: {answers: [yes], telephone: "119", notice_zh: 请拨打119, notice_en: Call 119}
      - code: amount
        kind: number
        text_zh: 多少
        text_en: How much
        unit_zh: 元
        unit_en: yuan
        min: 1
        max: 10
"""


def policy_file(folder: Path, old: str = "", new: str = "") -> Path:
    assert old in QUESTIONS
    path = folder / "policy.yaml"
    path.write_text(BASE.replace("standards:", QUESTIONS.replace(old, new, 1) + "standards:", 1), encoding="utf-8")
    return path


def test_questions_are_read_in_their_order_and_by_door(tmp_path: Path) -> None:
    policy = read_policy(policy_file(tmp_path, "text_zh: 多少", "doors: [desk]\n        text_zh: 多少"))
    kind, still, amount = policy.questions("0103")
    assert (kind.keys, still.keys, amount.keys) == (("smoke", "no"), ("yes", "no"), ())
    assert [question.code for question in policy.questions("0103", Door.PUBLIC)] == ["kind", "still"]
    assert policy.questions("none") == ()
    assert [still.stops([key]) for key in ("yes", "no")] == [True, False]
    assert [still.is_shown(given) for given in ({"kind": ["smoke"]}, {"kind": ["no"]}, {})] == [True, False, False]


def test_a_category_without_questions_is_written_as_before() -> None:
    written = read_policy(POLICY).category("0703")
    assert written is not None
    assert "questions" not in written.model_dump(mode="json")


@pytest.mark.parametrize(
    ("old", "new", "line", "zh", "en"),
    [
        ("code: still", "code: kind", 19, "编码重复", "already the code of question 1"),
        ("name_zh: 冒烟, ", "", 17, "name_zh", "name_zh: Field required"),
        ('key: "no"', "key: smoke", 18, "选项“smoke”重复", "“smoke” is there twice"),
        ('\n          - {key: "no", name_zh: 无, name_en: none}', "", 16, "至少有两个选项", "at least two options"),
        ("question: kind", "question: amount", 23, "不在本问项之前", "does not come before"),
        ("question: kind", "question: still", 23, "不在本问项之前", "does not come before"),
        ("question: kind", "question: other", 23, "没有问项“other”", "no question “other”"),
        ("answers: [smoke]", "answers: [fire]", 23, "没有选项“fire”", "no option “fire”"),
        ("answers: [smoke]", "answers: []", 23, "至少 1 项", "at least 1"),
        ("shown_if: {question: kind, answers: [smoke]}", "doors: [phone, phone]", 23, "渠道重复", "named twice"),
        ("answers: [yes]", "answers: [maybe]", 24, "没有选项“maybe”", "no option “maybe”"),
        ('telephone: "119"', "telephone: police", 24, "telephone", "telephone"),
        (", notice_en: Call 119", "", 24, "notice_en", "notice_en: Field required"),
        ("min: 1", "min: 11", 31, "最小值大于最大值", "smallest number is above"),
        ("min: 1", "min: 0.5", 31, "小数位多于 0 位", "more than 0 decimals"),
        ("unit_en: yuan", "decimals: 0", 29, "单位须中英文齐全", "in both languages"),
        ("unit_en: yuan", "unit_en: yuan\n        several: true", 31, "只有“choice”类", "kind “choice” has several"),
        ("unit_en: yuan", "raises: [{answers: [yes], severity: major}]", 30, "不是选择", "no choice"),
        ("kind: number", "kind: amount", 26, "须为以下之一", "Input should be"),
        ("text_en: How much", "text_en: ''", 28, "text_en", "at least 1"),
        ("code: amount", "code: a b", 25, "code", "code"),
        ("text_zh: 哪一类", "doors: [desk]\n        text_zh: 哪一类", 20, "永远不会出现", "is never shown"),
        ("text_zh: 多少", "help: 说明\n        text_zh: 多少", 27, "help", "Extra inputs"),
    ],
)  # fmt: skip
def test_a_bad_question_is_refused_at_its_line(tmp_path: Path, old: str, new: str, line: int, zh: str, en: str) -> None:
    with pytest.raises(BadFile) as caught:
        read_policy(policy_file(tmp_path, old, new))
    found = [(problem.line, problem.text("zh"), problem.text("en")) for problem in caught.value.problems]
    assert any(at == line and zh in chinese and en in english for at, chinese, english in found), found
