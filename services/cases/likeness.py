"""How alike the words of two cases are: pairs of neighbouring characters, each counting by how rare it is.

What everybody writes counts next to nothing: 噪音扰民 in both is no sign that both mean the same noise.
"""

import math
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.search_words import search_form
from models.personal_numbers import mask_numbers
from models.tables import CASE_WORDS, CASES

#: Numbers too long for a house or a floor, and what masks hidden ones: they are no words.
_NO_WORDS = re.compile(r"[0-9]{4,}|[0-9]*\*+[0-9]*")
_WORD = re.compile(r"[^\W_]+")
#: How many of the newest cases tell how common a pair is, and for how many seconds that is kept (our choices).
SAMPLE, KEPT_SECONDS = 400, 600.0
#: As how many cases fewer of them count: among ten, a common word would look rare.
FEWEST = 100
#: For how many parks a process keeps it.
_MOST_PARKS = 32
#: The least share of the words of the shorter text that both have, and the least that these together must say
#: (a pair that one case in a hundred has says 4.6), for cases to be alike in words; and to be the same (our choices,
#: by the pairs of `tests/services/cases/test_likeness.py`).
ALIKE, SAME, LEAST_SAID = 0.4, 0.75, 22.0


def pairs_of(text: str) -> frozenset[str]:
    """Return the pairs of neighbouring characters within the words of a text."""
    return pairs_in_form(search_form(mask_numbers(text)))


def pairs_in_form(form: str) -> frozenset[str]:
    """Return the same of a text as `case_words` keeps it: in the form of the search, with masked numbers."""
    form = _NO_WORDS.sub(" ", form)
    return frozenset(word[place : place + 2] for word in _WORD.findall(form) for place in range(len(word) - 1))


@dataclass(frozen=True)
class Rarity:
    """How common pairs are among some texts: the newest cases of a park; `around`: those in the neighbourhood besides,
    where everybody writes the name of the same estate.
    """

    texts: int
    counts: Counter[str]
    around: "Rarity | None" = None

    def of(self, pair: str) -> float:
        """What a pair says: 0 when every case has it, the more the fewer have it."""
        said = math.log((self.texts + 1) / (min(self.counts[pair], self.texts) + 1))
        return said if self.around is None else min(said, self.around.of(pair))


@dataclass(frozen=True)
class Likeness:
    """`share`: of the words of the shorter text, how much both have, 0 … 1, each by its rarity; `said`: how much that
    says. `alike`: enough to be the same matter, as far as words go.
    """

    share: float
    said: float

    @property
    def weight(self) -> float:
        """How much the words count for: their share, less where they say little."""
        return self.share * min(1.0, self.said / (2 * LEAST_SAID))

    @property
    def alike(self) -> bool:
        """Whether both texts tell the same, in words that not everybody writes."""
        return self.share >= ALIKE and self.said >= LEAST_SAID

    @property
    def same(self) -> bool:
        """Whether they do so in nearly the same words."""
        return self.alike and self.share >= SAME


def likeness(one: Collection[str], other: Collection[str], rarity: Rarity) -> Likeness:
    """Return how alike two texts are, given as `pairs_of`."""
    said = sum(rarity.of(pair) for pair in set(one) & set(other))
    least = min(sum(map(rarity.of, one)), sum(map(rarity.of, other)))
    return Likeness(said / least if least else 0.0, said)


def rarity_of(texts: Iterable[str]) -> Rarity:
    """Return how common the pairs of these texts are, which are in the form of `case_words`."""
    counts: Counter[str] = Counter()
    number = 0
    for text in texts:
        counts.update(pairs_in_form(text))
        number += 1
    return Rarity(max(number, FEWEST), counts)


_known: OrderedDict[tuple[str, str], tuple[float, Rarity]] = OrderedDict()


async def read_rarity(connection: AsyncConnection, park: str) -> Rarity:
    """Return how common pairs are in the newest cases of a park; up to ten minutes old."""
    key, now = (str(connection.engine.url), park), time.monotonic()
    if key in _known and now - _known[key][0] < KEPT_SECONDS:
        return _known[key][1]
    newest = select(CASES.c.report_id).where(CASES.c.case_no.startswith(park)).order_by(CASES.c.reported_at.desc())
    words = select(CASE_WORDS.c.words).where(CASE_WORDS.c.report_id.in_(newest.limit(SAMPLE)))
    rarity = rarity_of(await connection.scalars(words))
    _known[key] = (now, rarity)
    _known.move_to_end(key)
    while len(_known) > _MOST_PARKS:
        _known.popitem(last=False)
    return rarity
