"""Made-up readings: a wave over the day, and a little noise that is the same for the same moment."""

import math
from datetime import datetime
from hashlib import blake2b

from models.base import Frozen


class Shape(Frozen):
    """What the readings of a metric look like: the middle, the height of the day's wave, the noise around it."""

    base: float
    swing: float
    noise: float

    def at(self, moment: datetime, salt: str) -> float:
        """The value at that moment, the same whenever it is asked for."""
        hours = moment.timestamp() / 3600
        digest = blake2b(f"{salt} {int(moment.timestamp()) // 60}".encode(), digest_size=4).digest()
        random = int.from_bytes(digest) / 2**32 * 2 - 1
        wave = math.sin(hours / 24 * 2 * math.pi) + 0.3 * math.sin(hours / 24 / 7 * 2 * math.pi)
        return round(self.base + self.swing * wave / 1.3 + self.noise * random, 3)
