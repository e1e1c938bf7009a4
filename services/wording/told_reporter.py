"""Words of the messages to reporters, in Chinese and English: plain, and nothing of staff."""

from collections.abc import Mapping

from models.enums import Outcome

TITLE = ("您反映的事项(尾号 {tail})", "Your report (number ending in {tail})")
ACCEPTED = ("已受理,正在安排办理。", "It has been accepted; who deals with it is being arranged.")
REOPENED = ("已重新办理。", "It has been reopened and is being dealt with again.")
ASKED = (
    "办理需要您补充情况,请在 {until} 前打开链接答复:",
    "More information is needed from you. Please open the link and answer before {until}:",
)
SUSPENDED = (
    "因客观原因暂停办理,最迟 {until} 恢复。",
    "It is postponed for external reasons, until {until} at the latest.",
)
EXTENDED = ("办理期限已延长至 {until}。", "The time limit was extended to {until}.")
REOPEN_REFUSED = ("经复核,不再重新办理。", "It was reviewed again and stays closed.")
#: By the outcome of a closed case; a reporter who withdrew is not told so.
ENDS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.SOLVED: ("已办结。", "It is solved."),
    Outcome.ABORTED: ("已终止办理。", "It was ended without a result."),
    Outcome.REJECTED: ("不予受理。", "It was not accepted."),
    Outcome.MERGED: (
        "已与同一事项合并办理,结果会一并告知您。",
        "It is handled together with another report of the same matter. You will be told the result.",
    ),
    Outcome.VOIDED: (
        "经核对已作废,不再办理。如仍需反映,请重新上报。",
        "It was checked and voided. If the problem is still there, please report it again.",
    ),
}
RIGHT_CHANNEL = ("请向以下单位反映:", "Please turn to: ")
ANSWER = ("答复:", "Answer: ")
REASON = ("原因:", "Reason: ")
CODE = ("查询码:{code}", "Code: {code}")
#: For somebody who left a phone number, of which the page asks the last digits.
CODE_AND_TAIL = (
    "查询码:{code},打开链接后请填手机号后四位。",
    "Code: {code}; the page asks for the last four digits of your phone number.",
)
NO_MORE = ("不再接收此类消息:{link}", "No more such messages: {link}")
