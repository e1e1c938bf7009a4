"""Ten thousand made-up texts with numbers in many shapes, and what the masking finds of them.

    python -m tests.models.number_corpus

prints, for each kind and shape, how many numbers were found (recall), and for each near miss how many were taken for a
number of a person (false hits). The texts are the same at every run.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from models.personal_numbers import find_numbers, passes_luhn

SIZE, SEED = 10_000, 20261129
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_AREAS = ("110101", "130102", "130172", "310115", "330602", "440305", "510104", "620102", "650102")
_BEFORE = ("联系电话", "请回电", "本人", "我的手机号是", "身份证号:", "老板电话", "证件", "(", "业主王某,", "tel:", "")
_AFTER = (",请尽快处理。", "。", " 谢谢", "(晚上打)", ";门口堆放杂物", "\n第二次反映", "")
_STORIES = ("工地拖欠工资三个月", "夜间有刺激性气味", "消防通道被占用", "路灯不亮已一周", "楼道堆放电动车", "")
_FULL = {ord(char): ord(char) + 0xFEE0 for char in "0123456789X"}
_SPELLED = str.maketrans("0123456789", "零一二三四五六七八九")


@dataclass(frozen=True)
class Sample:
    """A text; `number`: what must be found in it (digits alone), None for a near miss; `shape`: how it is written."""

    text: str
    shape: str
    number: str | None


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _mobile(rng: random.Random) -> str:
    return f"1{rng.choice('3456789')}{_digits(rng, 9)}"


def _birthday(rng: random.Random, since: int = 1940) -> date:
    return date(since, 1, 1) + timedelta(days=rng.randrange(365 * 65))


def _identity(rng: random.Random) -> str:
    body = f"{rng.choice(_AREAS)}{_birthday(rng):%Y%m%d}{_digits(rng, 3)}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def _old_identity(rng: random.Random) -> str:
    return f"{rng.choice(_AREAS)}{_birthday(rng, 1930):%y%m%d}{_digits(rng, 3)}"


def _card(rng: random.Random, length: int) -> str:
    body = f"{rng.choice(('6222', '6217', '6228', '4392', '5201'))}{_digits(rng, length - 5)}"
    return next(body + digit for digit in "0123456789" if passes_luhn(body + digit))


def _grouped(number: str, sizes: tuple[int, ...], sign: str) -> str:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(number[at : at + size])
        at += size
    return sign.join(piece for piece in pieces if piece)


#: How people write a number: kind and shape, the number, and its form.
Writer = tuple[str, Callable[[random.Random], str], Callable[[str], str]]
WRITTEN: tuple[Writer, ...] = (
    ("mobile, plain", _mobile, lambda n: n),
    ("mobile, +86", _mobile, lambda n: f"+86{n}"),
    ("mobile, +86 and spaces", _mobile, lambda n: f"+86 {_grouped(n, (3, 4, 4), ' ')}"),
    ("mobile, 0086-", _mobile, lambda n: f"0086-{n}"),
    ("mobile, (86)", _mobile, lambda n: f"(86){n}"),
    ("mobile, 3 4 4 by spaces", _mobile, lambda n: _grouped(n, (3, 4, 4), " ")),
    ("mobile, 3-4-4 by dashes", _mobile, lambda n: _grouped(n, (3, 4, 4), "-")),
    ("mobile, 3–4–4 by long dashes", _mobile, lambda n: _grouped(n, (3, 4, 4), "—")),
    ("mobile, 3.4.4 by points", _mobile, lambda n: _grouped(n, (3, 4, 4), ".")),
    ("mobile, 3-3-5", _mobile, lambda n: _grouped(n, (3, 3, 5), "-")),
    ("mobile, 4-3-4", _mobile, lambda n: _grouped(n, (4, 3, 4), " ")),
    ("mobile, 5-6", _mobile, lambda n: _grouped(n, (5, 6), " ")),
    ("mobile, digit by digit", _mobile, lambda n: " ".join(n)),
    ("mobile, full width", _mobile, lambda n: n.translate(_FULL)),
    ("mobile, Chinese numerals", _mobile, lambda n: n.translate(_SPELLED)),
    ("mobile, comma between groups", _mobile, lambda n: _grouped(n, (3, 4, 4), ",")),
    ("mobile, letter O for 0", _mobile, lambda n: n[:2] + n[2:].replace("0", "O")),
    ("identity card, plain", _identity, lambda n: n),
    ("identity card, small x", _identity, lambda n: n.lower()),
    ("identity card, 6-8-4", _identity, lambda n: _grouped(n, (6, 8, 4), " ")),
    ("identity card, 6-4-4-4", _identity, lambda n: _grouped(n, (6, 4, 4, 4), "-")),
    ("identity card, full width", _identity, lambda n: n.translate(_FULL)),
    ("identity card, 15 digits", _old_identity, lambda n: n),
    ("bank card, 16 digits", lambda rng: _card(rng, 16), lambda n: n),
    ("bank card, 19 digits", lambda rng: _card(rng, 19), lambda n: n),
    ("bank card, by fours", lambda rng: _card(rng, 16), lambda n: _grouped(n, (4, 4, 4, 4), " ")),
)


def _wrong_identity(rng: random.Random) -> str:
    right = _identity(rng)
    return right[:17] + rng.choice([digit for digit in "0123456789" if digit != right[17]])


#: What looks like a number of a person and is none.
NEAR_MISSES: tuple[tuple[str, Callable[[random.Random], str]], ...] = (
    ("case number", lambda rng: f"案件 130172100{_birthday(rng, 2000):%Y%m%d}{_digits(rng, 7)}"),
    ("grid code, 18 digits", lambda rng: f"网格130172{rng.randrange(100, 500)}{rng.randrange(1, 40):03d}"
                                         f"{rng.randrange(1, 30):03d}{rng.randrange(1, 20):03d}"),
    ("grid code, 15 digits", lambda rng: f"网格编码:130172{rng.randrange(100, 500)}{rng.randrange(1, 40):03d}"
                                         f"{rng.randrange(1, 30):03d}"),
    ("identity card, wrong check digit", _wrong_identity),
    ("identity card, impossible date", lambda rng: f"130102{rng.randrange(1950, 2005)}13{_digits(rng, 6)}"),
    ("landline", lambda rng: f"0{rng.choice(('311', '10', '575'))}-{rng.randrange(2, 9)}{_digits(rng, 7)}"),
    ("service number", lambda rng: rng.choice(("12345", "110", "400-820-8820", "95588", "12333"))),
    ("order number, 12 digits", lambda rng: f"订单 2{_digits(rng, 11)}"),
    ("order number, 20 digits", lambda rng: f"单号{_digits(rng, 20)}"),
    ("parcel number", lambda rng: f"SF{_digits(rng, 13)}"),
    ("credit code", lambda rng: f"9113010{_digits(rng, 1)}MA{_digits(rng, 8)}"),
    ("date and time", lambda rng: f"{_birthday(rng, 1990):%Y-%m-%d} {rng.randrange(24):02d}:{rng.randrange(60):02d}"),
    ("dates in a row", lambda rng: f"{_birthday(rng, 1990):%Y%m%d}-{_birthday(rng, 1990):%Y%m%d}"),
    ("amount", lambda rng: f"合计{rng.randrange(10**10, 2 * 10**10)}元"),
    ("amount with commas", lambda rng: f"{rng.randrange(10**7, 10**8):,}.{_digits(rng, 2)}元"),
    ("coordinates", lambda rng: f"{rng.randrange(73, 135)}.{_digits(rng, 11)},38.{_digits(rng, 11)}"),
    ("card number that fails Luhn", lambda rng: _fails_luhn(rng)),
    ("eleven digits of no mobile", lambda rng: f"{rng.choice(('10', '12', '20', '31'))}{_digits(rng, 9)}"),
    ("hash", lambda rng: "".join(rng.choice("0123456789abcdef") for _ in range(64))),
    ("meter readings", lambda rng: " ".join(_digits(rng, 4) for _ in range(4))),
)  # fmt: skip


def _fails_luhn(rng: random.Random) -> str:
    right = _card(rng, 16)
    return right[:-1] + rng.choice([digit for digit in "0123456789" if digit != right[-1]])


def corpus(size: int = SIZE, seed: int = SEED) -> list[Sample]:
    """Return the texts: half with a number, half with a near miss."""
    rng = random.Random(seed)
    samples = []
    for place in range(size):
        before, after, story = rng.choice(_BEFORE), rng.choice(_AFTER), rng.choice(_STORIES)
        if place % 2:
            shape, make, write = WRITTEN[place // 2 % len(WRITTEN)]
            number = make(rng)
            samples.append(Sample(f"{story}{before}{write(number)}{after}", shape, number))
        else:
            shape, miss = NEAR_MISSES[place // 2 % len(NEAR_MISSES)]
            samples.append(Sample(f"{story},{before}{miss(rng)}{after}", shape, None))
    return samples


@dataclass(frozen=True)
class Measured:
    """How many texts of each shape there are, and in how many the right thing was found."""

    texts: Counter[str]
    found: Counter[str]
    numbers: int
    right: int
    misses: int
    false_hits: int


def measure(samples: list[Sample]) -> Measured:
    """Look for numbers in every text. A near miss is a false hit if anything in it is taken for a number."""
    texts: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for sample in samples:
        texts[sample.shape] += 1
        seen = {one.number for one in find_numbers(sample.text)}
        if seen if sample.number is None else sample.number in seen:
            found[sample.shape] += 1
    shapes = {name for name, _, _ in WRITTEN}
    numbers = sum(count for shape, count in texts.items() if shape in shapes)
    right = sum(count for shape, count in found.items() if shape in shapes)
    return Measured(texts, found, numbers, right, sum(texts.values()) - numbers, sum(found.values()) - right)


def main() -> None:
    """Print the figures as a table."""
    measured = measure(corpus())
    print(f"numbers {measured.numbers}, found {measured.right}: recall {measured.right / measured.numbers:.2%}")
    print(
        f"near misses {measured.misses}, false hits {measured.false_hits}: {measured.false_hits / measured.misses:.2%}"
    )
    for shape, _, _ in WRITTEN:
        print(f"  found  {measured.found[shape]:4d} of {measured.texts[shape]:4d}  {shape}")
    for shape, _ in NEAR_MISSES:
        print(f"  taken  {measured.found[shape]:4d} of {measured.texts[shape]:4d}  {shape}")


if __name__ == "__main__":
    main()
