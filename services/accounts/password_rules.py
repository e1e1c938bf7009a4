"""What a password must be like: long enough, not one's name, and not guessed in a few tries."""

from models.errors import WeakPassword

#: The fewest and the most characters (our choice: NIST SP 800-63B asks for 8 at least; ten withstand more).
SHORTEST, LONGEST = 10, 200
#: Fewer guesses than this by zxcvbn's estimate are too few: what stands in lists of common passwords, dates and names.
_FEWEST_GUESSES = 10**6
#: zxcvbn looks at no more characters.
_ESTIMATED = 72
_OWN_WORDS = ("gridloop", "wangge", "zhili")


def check_password(password: str, username: str, name: str) -> None:
    """Raise WeakPassword, with the reason, for a password that is too short, contains the name or is easily guessed."""
    from zxcvbn import zxcvbn  # its word lists take memory that most processes never need

    folded = password.casefold()
    if len(password) < SHORTEST:
        raise _weak(f"至少 {SHORTEST} 个字符", f"it takes at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise _weak(f"至多 {LONGEST} 个字符", f"it takes at most {LONGEST} characters")
    if any(len(own) > 1 and own.casefold() in folded for own in (username, name)):
        raise _weak("不能含有用户名或姓名", "it contains your name or user name")
    estimate = zxcvbn(password[:_ESTIMATED], [username, name, *_OWN_WORDS])
    if estimate["guesses"] < _FEWEST_GUESSES:
        raise _weak("太容易猜到,请换一个不常见的", "it is too easily guessed; take one that is not common")


def _weak(zh: str, en: str) -> WeakPassword:
    return WeakPassword(pointer="/new_password", why_zh=zh, why_en=en)
