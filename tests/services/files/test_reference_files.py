"""YAML files: endless or too deep nesting is refused with its line."""

from pathlib import Path

import pytest

from services.files.reference_files import BadFile, read_yaml


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        ("a: 1\nb: &b [*b]\n", 2, "a part holds itself"),
        ("a: &a\n  - x\n  - {y: *a}\n", 3, "a part holds itself"),
        ("a: 1\nb: " + "[" * 1_000_000, 2, "nested too deeply"),
        ("- " * 20_000 + "x", 1, "nested too deeply"),
        ("{a: " * 60 + "1" + "}" * 60, 1, "nested too deeply"),
        ("\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))]), 1,
         "more than 500000 parts"),
    ],
)  # fmt: skip
def test_endless_nesting_is_refused(tmp_path: Path, content: str, line: int, told: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(content)
    with pytest.raises(BadFile) as refused:
        read_yaml(file)
    (problem,) = refused.value.problems
    assert (problem.line, problem.en) == (line, told)


def test_a_part_may_be_referenced_again(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_text("monday: &office [1, 2]\ntuesday: *office\nweek: {monday: *office}\n")
    assert read_yaml(file).data == {"monday": [1, 2], "tuesday": [1, 2], "week": {"monday": [1, 2]}}
