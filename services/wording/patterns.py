"""What each pattern of the input requires, in Chinese and English: nobody is shown a regular expression.

`tests/services/wording/test_patterns.py` finds a pattern without its sentence.
"""

from collections.abc import Mapping

from models.base import CODE, SHA256, TIME_OF_DAY
from models.channels import HOST, MAIL_ADDRESS, PERSONS_MAIL
from models.phone import PHONE

_URL = (
    "须为以 http:// 或 https:// 开头的地址,不含空格",
    "must be an address that begins with http:// or https://, without spaces",
)
_MAIL = ("须为邮箱地址,例如 name@example.org", "must be a mail address such as name@example.org")
#: The sentences by pattern.
PATTERNS: Mapping[str, tuple[str, str]] = {
    CODE: ("须为编码:1 至 40 位字母、数字、- 或 _", "must be a code of 1 to 40 letters, digits, - or _"),
    PHONE: (
        "须为电话号码:5 至 15 位数字,分机写作“转801”,多个号码用“/”隔开",
        "must be a phone number of 5 to 15 digits; write an extension as “ext. 801”, divide numbers by “/”",
    ),
    r"^[A-Za-z0-9_-]{1,40}=.{1,500}$": (
        "须写作“问题编码=答案”,例如 smell=gas",
        "must be written as code=value with the code of a question, such as smell=gas",
    ),
    r"^-?(late|title|grid|stage|host|level|paused|extensions|rework|action|urges)$": (
        "须为列表的一列,例如 late;前面加“-”为降序",
        "must be a column of the list, such as late; with “-” before it the largest come first",
    ),
    SHA256: (
        "须为文件的 SHA-256:64 位小写十六进制",
        "must be the SHA-256 of a file: 64 hexadecimal digits in lower case",
    ),
    TIME_OF_DAY: ("须为时刻,例如 08:30", "must be a time of day such as 08:30"),
    r"^[A-Za-z0-9]{0,20}$": ("最多 20 位字母或数字", "must have at most 20 letters or digits"),
    r"^[\x21-\x7e]+$": (
        "须为英文字母、数字或符号,不含空格",
        "must consist of ASCII letters, digits or signs, without spaces",
    ),
    r"^[0-9]{4}-(0[1-9]|1[0-2])$": ("须为月份,例如 2026-11", "must be a month such as 2026-11"),
    r"^[a-z0-9][a-z0-9_-]{0,39}$": (
        "须为编号:1 至 40 位小写字母、数字、- 或 _,以字母或数字开头",
        "must be 1 to 40 letters in lower case, digits, - or _, the first a letter or digit",
    ),
    r"^(law: .+|standard: .+|our choice)$": (
        "须为 law: 或 standard: 加出处,或 our choice",
        "must be “law: ” or “standard: ” with the source, or “our choice”",
    ),
    HOST: (
        "须为主机名或 IP 地址,例如 smtp.example.org",
        "must be the name or IP address of a host, such as smtp.example.org",
    ),
    MAIL_ADDRESS: _MAIL,
    PERSONS_MAIL: _MAIL,
    r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$": (
        "须为 mailto: 加邮箱,或以 https:// 开头的地址",
        "must be “mailto:” with a mail address, or an address that begins with https://",
    ),
    r"^https?://": _URL,
    r"^https?://[^\s]{1,990}$": _URL,
    r"^\+?[0-9][0-9 -]{1,18}[0-9]$": (
        "须为可拨打的号码:3 至 20 位数字、空格或 -",
        "must be a number to call: 3 to 20 digits, spaces or -",
    ),
}
