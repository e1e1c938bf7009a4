"""The plan of a running clock: what time does to it if nobody acts."""

from models.base import Instant, Kept


class Plan(Kept):
    """What time does to a running clock, besides its deadline, if nobody acts.

    `rungs`: the moments of the ladder's steps that have not fired yet, in order. `ceiling_at`: the latest
    deadline that the law allows. `provisional`: the deadline reaches into a year whose holidays are not
    published yet. `calendars`: the policy version whose calendars counted.
    """

    calendars: int
    provisional: bool = False
    yellow_at: Instant | None = None
    red_at: Instant | None = None
    ceiling_at: Instant | None = None
    rungs: tuple[Instant, ...] = ()
