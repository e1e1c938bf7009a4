"""Errors of referral desks and their slots."""

from models.errors.base import DomainError


class NoSuchSlot(DomainError):
    code = "no_such_slot"
    status = 422
    zh = "{moment} 没有可约的时段;该台的时段每 {minutes} 分钟一个,只在坐诊时间内。"
    en = "No slot begins at {moment}; the desk has one every {minutes} minutes, within its sitting times."


class SlotTaken(DomainError):
    code = "slot_taken"
    status = 409
    zh = "{moment} 的时段刚被他人约走,请另选一个时段。"
    en = "The slot of {moment} has been booked by somebody else: choose another."


class SlotPassed(DomainError):
    code = "slot_passed"
    status = 422
    zh = "{moment} 的时段已过。"
    en = "The slot of {moment} has passed."


class SlotTooFarAhead(DomainError):
    code = "slot_too_far_ahead"
    status = 422
    zh = "最多可预约 {days} 天以内的时段。"
    en = "Slots can be booked {days} days ahead at most."


class SlotNotOver(DomainError):
    code = "slot_not_over"
    status = 409
    zh = "{moment} 的时段尚未开始,还不能记录到场或结果。"
    en = "The slot of {moment} has not begun: neither attendance nor outcome can be recorded yet."


class NoSuchBooking(DomainError):
    code = "no_such_booking"
    status = 422
    zh = "没有未结的预约 {number}。"
    en = "There is no open booking {number}."


class CaseHasSlot(DomainError):
    code = "case_has_slot"
    status = 409
    zh = "案件 {case_no} 在该台已有预约({moment});请改约,不要重复预约。"
    en = "Case {case_no} has a slot at this desk already ({moment}): move that one."


class BookingsInTheWay(DomainError):
    code = "bookings_in_the_way"
    status = 409
    zh = "还有未结的预约 {numbers},请先改约或取消。"
    en = "There are open bookings {numbers}: move or cancel them first."
