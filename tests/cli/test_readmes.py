"""What both READMEs show of the command line is what it says."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from rules.case_number import is_case_number
from services.files.shipped import PEOPLE
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}


def samples(language: str, command: str) -> list[tuple[list[str], str]]:
    """The words of each `starter.py COMMAND …` that a README shows, with the output below it."""
    shown = rf"^\$ .*starter\.py {command} (.*)\n((?:(?!\$ |```).*\n)*)"
    found = re.findall(shown, READMES[language].read_text("utf-8"), re.MULTILINE)
    return [(shlex.split(words), output) for words, output in found]


@pytest.mark.parametrize("language", READMES)
def test_the_arithmetic_of_a_deadline_is_as_it_is_shown(
    run: Run, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDLOOP_LANG", language)
    shown = samples(language, "clock")
    assert shown
    for words, output in shown:
        assert run("clock", *words).stdout.strip() == output.strip()


@pytest.mark.parametrize("language", READMES)
def test_a_case_number_could_be_one(language: str) -> None:
    numbers = set(re.findall(r"\b\d{24}\b", READMES[language].read_text("utf-8")))
    assert numbers
    assert [number for number in numbers if not is_case_number(number)] == []


@pytest.mark.parametrize("language", READMES)
def test_people_named_in_a_forecast_are_in_the_demo_park(language: str) -> None:
    """A supervisor or worker whom a step reaches is told by name, and so are they here."""
    steps = "".join(output for words, output in samples(language, "show") if "--forecast" in words)
    reached = re.findall(r"(?:督查员|网格员|supervisor|grid worker)([^\[;]*)\[", steps)
    assert reached
    everybody = {person["name"] for person in yaml.safe_load(PEOPLE.read_text("utf-8"))["people"]}
    for told in reached:
        assert set(re.split("、|, ", told.strip())) <= everybody
