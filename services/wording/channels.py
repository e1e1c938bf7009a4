"""Words of channels, sends and the delivery log, in Chinese and English."""

from collections.abc import Mapping

from models.errors import OutgoingFailed

CHANNEL_KINDS: Mapping[str, tuple[str, ...]] = {
    "mail": ("电子邮件", "e-mail"),
    "sms": ("短信网关", "SMS gateway"),
    "wecom": ("企业微信群机器人", "WeCom robot"),
    "dingtalk": ("钉钉群机器人", "DingTalk robot"),
    "feishu": ("飞书群机器人", "Feishu robot"),
    "push": ("浏览器推送", "browser push"),
    "webhook": ("事件推送(Webhook)", "web hook"),
}
SEND_STATUSES: Mapping[str, tuple[str, ...]] = {
    "waiting": ("发送中", "being sent"),
    "delivered": ("已送达", "delivered"),
    "failed": ("未送达", "failed"),
    "unclear": ("待核对", "to be reconciled"),
}
SEND_OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "delivered": ("对方已接收", "taken"),
    "failed": ("失败", "failed"),
    "limited": ("对方限流", "limited by the far side"),
    "refused": ("拒绝,不再试", "refused for good"),
    "gone": ("地址已失效", "address gone"),
    "unclear": ("结果不明", "result not known"),
}
SEND_PURPOSES: Mapping[str, tuple[str, ...]] = {
    "notice": ("通知", "notice"),
    "reporter": ("告知上报人", "to the reporter"),
    "event": ("案件事件", "event of a case"),
    "test": ("测试", "test"),
}
#: Why an attempt failed, where the code says it; others name what the far side answered (`code_text`).
SEND_CODES: Mapping[str, tuple[str, ...]] = {
    "address_refused": ("地址不允许", "address refused"),
    "answer_lost": ("连接中断,答复丢失", "connection cut, answer lost"),
    "answer_too_large": ("答复过长", "answer too large"),
    "bad_subscription": ("浏览器订阅有误", "bad subscription"),
    "certificate_refused": ("证书无法验证", "certificate refused"),
    "channel_disabled": ("渠道已停用", "channel disabled"),
    "channel_missing": ("没有该渠道", "no such channel"),
    "internal": ("系统内部错误", "internal error"),
    "no_subscription": ("该人员没有订阅推送的浏览器", "no browser has subscribed"),
    "no_tls": ("对方不支持 STARTTLS", "no STARTTLS there"),
    "redirect_refused": ("对方要求转址", "redirect refused"),
    "no_address": ("接收人已无地址", "the receiver has no address any more"),
    "smtp": ("邮件服务器的答复不合规范", "not an answer of a mail server"),
    "smtp_hung_up": ("邮件服务器中断了连接,消息未发出", "the mail server hung up before the message was sent"),
    "smtp_login": ("邮件服务器登录失败", "mail server refused the login"),
    "smtp_silent": ("邮件服务器无应答,消息未发出", "the mail server did not answer before the message was sent"),
    "tls_failed": ("加密连接未能建立", "no encrypted connection"),
    "too_slow": ("对方超时未答复", "too slow"),
    "unreachable": ("无法连接", "unreachable"),
    "unreadable": ("答复无法识别", "answer not understood"),
}
#: Codes of which the log holds a sentence of ours in place of an answer: Chinese, and English in the next line.
_OURS = frozenset(error.code for error in OutgoingFailed.__subclasses__())
#: The settings of channels, in forms.
CHANNEL_FIELDS: Mapping[str, tuple[str, ...]] = {
    "attempts": ("失败几次后换下一渠道", "failures until the next channel"),
    "first_wait": ("首次重试间隔(秒)", "seconds until the second attempt"),
    "longest_wait": ("重试间隔上限(秒)", "most seconds between attempts"),
    "longest_limit": ("对方限流时最多等待(秒)", "most seconds waited while limited"),
    "on_lost": ("答复丢失时", "when an answer was lost"),
    "host": ("服务器", "server"),
    "port": ("端口", "port"),
    "security": ("加密方式", "encryption"),
    "username": ("用户名", "user name"),
    "sender": ("发件地址", "sender's address"),
    "sender_name": ("发件人名称", "sender's name"),
    "unsubscribe": ("退订地址(mailto: 或网址)", "where to unsubscribe (mailto: or page)"),
    "url": ("地址", "address"),
    "method": ("请求方法", "method"),
    "content_type": ("内容类型", "content type"),
    "headers": ("请求头(每行一个,名称: 值)", "headers (one a line, name: value)"),
    "body": ("请求正文", "body"),
    "ok_status": ("成功的状态码(逗号分隔)", "statuses of success (commas)"),
    "ok_path": ("成功标志在 JSON 中的路径", "path of the result in the JSON"),
    "ok_value": ("成功时的值", "its value on success"),
    "id_path": ("消息编号的路径", "path of the message's id"),
    "limited_values": ("表示限流的值(逗号分隔)", "values that mean “later” (commas)"),
    "query_url": ("查询地址", "address to ask"),
    "query_path": ("查询结果的路径", "path of the answer"),
    "query_value": ("表示已发送的值", "value that means “sent”"),
    "contact": ("联系人(mailto: 或网址)", "contact (mailto: or page)"),
    "public_key": ("公钥(自动生成)", "public key (made by itself)"),
}
CHANNEL_CHOICES: Mapping[str, tuple[str, ...]] = {
    "repeat": ("再发一次", "send it again"),
    "hold": ("不再发送,列入待核对", "leave it for a person"),
    "query": ("先向对方查询", "ask the far side first"),
    "starttls": ("STARTTLS", "STARTTLS"),
    "tls": ("TLS", "TLS"),
    "none": ("不加密(仅限内网)", "none (own network only)"),
}
CHANNEL_SECRETS: Mapping[str, tuple[str, ...]] = {
    "password": ("密码", "password"),
    "secret": ("密钥", "secret"),
    "key": ("机器人 key", "key of the robot"),
    "access_token": ("access_token", "access_token"),
    "token": ("地址末段(token)", "last part of the address (token)"),
    "sign_secret": ("加签密钥", "secret that signs"),
    "private_key": ("私钥(不填则自动生成)", "private key (made by itself if left out)"),
}


#: Codes that name what the far side answered: `http_500`, `code_45009`, `smtp_550`.
_ANSWERED = {"http": ("HTTP {}", "HTTP {}"), "code": ("代码 {}", "code {}"), "smtp": ("SMTP {}", "SMTP {}")}


def code_text(code: str, language: str) -> str:
    """Return why an attempt failed, in words."""
    kind, _, number = code.partition("_")
    english = language.startswith("en")
    if code not in SEND_CODES and kind in _ANSWERED and number:
        return _ANSWERED[kind][english].format(number)
    return SEND_CODES[code][english] if code in SEND_CODES else code


def answer_text(code: str | None, answer: str | None, language: str) -> str:
    """Return what came of an attempt in words: the far side's, or ours in the language."""
    zh, both, en = (answer or "").partition("\n")
    if code not in _OURS or not both:
        return answer or ""
    return en if language.startswith("en") else zh
