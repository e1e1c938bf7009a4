"""Questions of a category in forms that work without scripts: the names of their controls, and their answers."""

from collections.abc import Mapping, Sequence

from models.policy.questions import Question
from services.cases.answers import key_text

#: What the names of the controls begin with.
ANSWERS = "answers."


def given_answers(given: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the answers of a form by the code of the question, without empty ones."""
    return {
        name.removeprefix(ANSWERS): texts
        for name, values in given.items()
        if name.startswith(ANSWERS) and (texts := [value for value in values if value.strip()])
    }


def shown_answers(questions: Sequence[Question], answers: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the answers to those questions that are asked beside them: a form without scripts shows the others too.

    An answer to no question of the list stays, and is refused where it is checked.
    """
    known = {question.code for question in questions}
    asked = {code: list(texts) for code, texts in answers.items() if code not in known}
    for question in questions:
        if question.code in answers and question.is_shown(asked):
            asked[question.code] = list(answers[question.code])
    return asked


def key_names(question: Question, keys: Sequence[str], language: str) -> str:
    """Return what the keys are called in the form, as an enumeration."""
    names = [key_text(question.options, key, language) for key in keys]
    return (" / " if language.startswith("en") else "、").join(names)
