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


class AnswerNotKept(DomainError):
    code = "answer_not_kept"
    status = 409
    zh = "上报人信息已按规定删除,涉及个人信息的填答不再保存;必填的可填报“无法获知”。"
    en = "The reporter was erased, so personal answers are no longer kept; a required one may be “not known”."


class AnswerDamaged(DomainError):
    code = "answer_damaged"
    status = 409
    zh = "加密保存的填答已损坏,无法读取。请重新填写,并告知管理员。"
    en = "The encrypted answers are damaged and can't be read. Answer again, and tell an administrator."


class QuestionStops(DomainError):
    code = "question_stops"
    status = 422
    zh = "{notice_zh} 请拨打 {telephone}:这种情形不在此上报。"
    en = "{notice_en} Telephone {telephone}: this is not reported here."
