"""Errors of the claim board."""

from models.errors.base import DomainError


class AlreadyClaimed(DomainError):
    code = "already_claimed"
    status = 409
    zh = "该事项已由 {by} 于 {moment} 揭榜。"
    en = "{by} claimed this item already, at {moment}."


class ClaimForOthers(DomainError):
    code = "claim_for_others"
    status = 403
    zh = "只能为本部门或本单位揭榜。"
    en = "An item is claimed for one's own department or unit only."
