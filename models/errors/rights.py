"""Errors of identity and rights: the person is not known, or may not do this."""

from models.errors.base import DomainError


class NotSignedIn(DomainError):
    code = "not_signed_in"
    status = 401
    zh = "请先登录:令牌缺失、无效或已过期。"
    en = "Sign in first: the token is missing, invalid or expired."


class ForeignRequest(DomainError):
    """A change requested with the session cookie, but not from one of our own pages."""

    code = "foreign_request"
    status = 403
    zh = "请求并非来自本系统的页面,未予执行。请回到页面重试。"
    en = "The request did not come from one of this system's own pages, and was not carried out."


class WrongCode(DomainError):
    """The code is unknown or expired, or the digits given with it are wrong; the error does not say which."""

    code = "wrong_code"
    status = 404
    zh = "查询码或手机号后四位不正确,或已过期归档。可再核对一遍,或拨打 12345。"
    en = "The code or the digits are wrong, or the report has been archived. Check them, or call 12345."


class WrongPassword(DomainError):
    code = "wrong_password"
    status = 401
    zh = "用户名或密码不正确。"
    en = "The user name or the password is wrong."


class WrongOldPassword(DomainError):
    """The password that somebody who is signed in gave as their present one."""

    code = "wrong_old_password"
    status = 422
    zh = "原密码不正确。"
    en = "The present password is wrong."


class WeakPassword(DomainError):
    code = "weak_password"
    status = 422
    zh = "新密码不合要求:{why_zh}。"
    en = "The new password will not do: {why_en}."


class PasswordChangeRequired(DomainError):
    """The password is a first one, which somebody else knows: nothing else is allowed before it is changed."""

    code = "password_change_required"
    status = 403
    zh = "您使用的是初始密码,请先修改密码。"
    en = "Your password is a first one: change it before you go on."


class PasswordChangedMeanwhile(DomainError):
    code = "password_changed_meanwhile"
    status = 409
    zh = "密码刚刚已被改过,本次没有更改。"
    en = "The password has just been changed by somebody else; nothing was changed now."


class SignOutNotStored(DomainError):
    """The browser is signed out, but the database was away, so that a copy of its session would still be let in."""

    code = "sign_out_not_stored"
    status = 503
    zh = "本浏览器已退出,但系统暂时无法结束这一登录。恢复后请重新登录,在“登录与安全”中结束它。"
    en = (
        "This browser is signed out, but the session could not be ended now. Sign in again later, and end it under"
        " “Sign-in and security”."
    )


class SecondFactorRequired(DomainError):
    """The password is right; a code of the second factor has to come with it."""

    code = "second_factor_required"
    status = 401
    zh = "请输入验证码:打开身份验证器应用,输入其中的 6 位数字,或用一个恢复码。"
    en = "Give the six digits that your authenticator app shows, or a recovery code."


class WrongSecondFactor(DomainError):
    code = "wrong_second_factor"
    status = 401
    zh = "验证码不正确,或已经用过。请等应用显示下一个再试。"
    en = "The code is wrong, or was used before. Wait for the next one and try again."


class SecondFactorEnrolmentRequired(DomainError):
    """A role of the person requires a second factor, and they have none: nothing else is allowed before."""

    code = "second_factor_enrolment_required"
    status = 403
    zh = "您的角色须使用二次验证,请先设置。"
    en = "Your role requires a second factor: set one up before you go on."


class SecondFactorExists(DomainError):
    code = "second_factor_exists"
    status = 409
    zh = "已设置二次验证。"
    en = "There is a second factor already."


class SecondFactorNeeded(DomainError):
    code = "second_factor_needed"
    status = 409
    zh = "您的角色须使用二次验证,不能关闭。换手机请找管理员重置。"
    en = "Your role requires the second factor. An administrator can reset it for a new phone."


class SecondFactorUnreadable(DomainError):
    """The secret was encrypted under another token secret."""

    code = "second_factor_unreadable"
    status = 409
    zh = "系统密钥已更换,二次验证无法读取,请联系管理员重置。"
    en = "The system's secret has changed, so the second factor can't be read: ask an administrator to reset it."


class IdentityProviderAway(DomainError):
    code = "identity_provider_away"
    status = 503
    zh = "统一身份认证暂时无法访问,请稍后再试,或用密码登录。"
    en = "The identity provider can't be reached. Try again later, or sign in with a password."


class IdentityRefused(DomainError):
    """The provider refused, or its answer does not belong to what was begun in this browser."""

    code = "identity_refused"
    status = 401
    zh = "统一身份认证未成功({why}),请重新登录。"
    en = "Signing in through the identity provider did not succeed ({why}). Begin again."


class NoAccountForIdentity(DomainError):
    code = "no_account_for_identity"
    status = 403
    zh = "身份“{identity}”已确认,但本系统没有这个账号,请联系管理员开通。"
    en = "You are known as “{identity}”, but there is no such account here. Ask an administrator for one."


class ScopeMissing(DomainError):
    """The personal token does not hold the scope that the request takes."""

    code = "scope_missing"
    status = 403
    zh = "令牌没有“{scope}”权限。"
    en = "The token lacks the scope “{scope}”."


class NoSuchToken(DomainError):
    code = "no_such_token"
    status = 404
    zh = "没有这个令牌,或已撤销。"
    en = "There is no such token, or it has been revoked."


class NoSuchSession(DomainError):
    code = "no_such_session"
    status = 404
    zh = "没有这一登录,或已结束。"
    en = "There is no such session, or it has ended already."


class TooManyAttempts(DomainError):
    code = "too_many_attempts"
    status = 429
    zh = "尝试次数过多,请 {seconds} 秒后再试。"
    en = "Too many attempts; try again in {seconds} seconds."


class NotYours(DomainError):
    code = "not_yours"
    status = 403
    zh = "您无权执行“{command}”:需要 {who}。"
    en = "You may not do “{command}”: it takes {who}."


class OutsideYourScope(DomainError):
    code = "outside_your_scope"
    status = 403
    zh = "网格 {grid} 不在您的管辖范围内。"
    en = "Grid unit {grid} is outside your scope."


class ReviewerHandledIt(DomainError):
    code = "reviewer_handled_it"
    status = 403
    zh = "核查人不能是处置人。"
    en = "Whoever handled a case may not review it."


class ReviewerOfHost(DomainError):
    code = "reviewer_of_host"
    status = 403
    zh = "核查人不能属于主办或协办部门。"
    en = "A reviewer may not belong to the host department or a co-handling one."


class ConflictOfInterest(DomainError):
    code = "conflict_of_interest"
    status = 422
    zh = "{person} 与本案有利害关系,须回避。"
    en = "{person} has an interest in this case and must step aside."


class NotRecusable(DomainError):
    code = "not_recusable"
    status = 422
    zh = "兜底责任人不能回避;审计员和管理员的利害关系由管理员登记。"
    en = "The fallback owner can't step aside; of auditors and administrators, an administrator declares interests."


class SecondPersonNeeded(DomainError):
    code = "second_person_needed"
    status = 403
    zh = "作废须由另一名值班员确认。"
    en = "Voiding takes a second duty officer."
