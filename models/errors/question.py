"""Errors of the questions of a category: an answer that does not fit, one that is missing, one that stops."""

from models.errors.base import DomainError


class UnknownQuestion(DomainError):
    code = "unknown_question"
    status = 422
    zh = "类别 {category} 没有问项“{question}”。"
    en = "The category {category} asks no question “{question}”."


class AnswerNotUnderstood(DomainError):
    code = "answer_not_understood"
    status = 422
    zh = "问项“{question}”的填答有误:{why_zh}。"
    en = "The answer to the question “{question}” does not fit: {why_en}."


class QuestionUnanswered(DomainError):
    code = "question_unanswered"
    status = 422
    zh = "问项“{text_zh}”必填。"
    en = "The question “{text_en}” must be answered."


class QuestionStops(DomainError):
    code = "question_stops"
    status = 422
    zh = "{notice_zh} 请拨打 {telephone}:这种情形不在此上报。"
    en = "{notice_en} Telephone {telephone}: this is not reported here."
