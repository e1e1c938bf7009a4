"""No secret is in the repository: by the forms of known kinds, and by what looks drawn by chance."""

import math
import re
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
KNOWN = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "a key of a cloud": r"\b(?:AKIA|ASIA|LTAI|AKID)[0-9A-Za-z]{12,}\b",
    "a token of a code host": r"\b(?:gh[pousr]_[0-9A-Za-z]{30,}|glpat-[0-9A-Za-z_-]{20,})",
    "a token of a registry": r"\b(?:pypi-[0-9A-Za-z_-]{40,}|npm_[0-9A-Za-z]{30,})",
    "a token of a chat": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "a signed token": r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}",
    "an address with a password": r"\b[a-z]{3,12}://[^\s:/@{}$%\"'`]+:(?!\*|password@|secret@|x@|for-tests@|PASSWORD)[^\s:/@{}$%\"'`]{3,}@",
}
#: Files of hashes and of recorded data: what they hold is drawn by chance, and is no secret.
HASHES = re.compile(
    r"^requirements/.*\.txt$|package-lock\.json$|^tests/|^migrations/|\.(?:svg|png|jpg|mov|xlsx|ico|woff2|po)$|^deploy/demo/"
)
DRAWN = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
#: Bits for each character, above which text of that length is drawn by chance rather than written.
MOST_BITS = 4.4


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def bits(text: str) -> float:
    """The entropy of a text, in bits for each character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def looks_drawn(text: str) -> bool:
    """Whether a text is a key rather than a name: letters and digits mixed, and nearly every character another one."""
    mixed = sum(bool(re.search(one, text)) for one in (r"[a-z]", r"[A-Z]", r"[0-9]")) == 3
    hexadecimal = re.fullmatch(r"[0-9a-f]{40,}", text) is not None and len(set(text)) > 12
    return (mixed and bits(text) > MOST_BITS) or hexadecimal


def test_the_forms_are_found() -> None:
    for example in ("-----BEGIN " + "PRIVATE KEY-----", "AKIA" + "ABCDEFGHIJKLMNOP", "ghp_" + "a1" * 18,
                    "postgresql://me:" + "hunter22@host"):  # fmt: skip
        assert any(re.search(form, example) for form in KNOWN.values()), example
    assert looks_drawn("q7Zk2Xv9Lm4Rt8Wy1Bn6Hs3Jd5Fg0Pc")
    assert not looks_drawn("test_a_file_is_read_by_whoever_may_see")
    assert not looks_drawn("0" * 64)


def test_no_secret_is_in_the_repository() -> None:
    found = []
    for file in tracked():
        name = str(file.relative_to(ROOT))
        try:
            content = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if not name.startswith("tests/"):
            found += [f"{name}: {what}" for what, form in KNOWN.items() if re.search(form, content)]
        if not HASHES.search(name):
            found += [f"{name}: {one}" for one in DRAWN.findall(content) if looks_drawn(one)]
    assert not found, "\n".join(sorted(set(found)))
