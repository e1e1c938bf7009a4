"""The filter `answer` in words: `smell=egg` as “什么气味:臭鸡蛋味”, by the questions of the policy in force."""

from collections.abc import Iterable

from models.policy.document import Policy
from models.policy.questions import Question
from rules.questions import keep_answer
from services.cases.answers import in_words


def terms_in_words(policy: Policy, category: str | None, terms: Iterable[str], language: str) -> dict[str, str]:
    """Return each term in words; of several questions with that code one of the filter's category is preferred.

    Of a question that the policy does not have any more, the term stays as it is.
    """
    asked: dict[str, tuple[str, Question]] = {}
    for one in sorted(policy.categories, key=lambda one: not one.code.startswith(category or "")):
        for question in one.questions:
            asked.setdefault(question.code, (one.code, question))
    colon = ": " if language.startswith("en") else ":"
    words = {}
    for term in terms:
        code, _, value = term.partition("=")
        if code in asked:
            of, question = asked[code]
            said = in_words(keep_answer(question, of, (value,)), language)
            words[term] = f"{question.text(language)}{colon}{said or value}"
        else:
            words[term] = term
    return words
