"""What a policy says about monitoring stations (环境监测站). Every default is our choice."""

from typing import Annotated

from pydantic import Field

from models.base import Code, Given


class StationPolicy(Given):
    """The rules for stations and their readings.

    A reading that is more than `late_after_minutes` old when it arrives is stored as late; one that is more than
    `skew_minutes` ahead is refused. A breach that lasts tells its case again every `repeat_hours`. Readings are kept
    for `keep_days`. A station that has been silent for `silence_case_hours` beyond its limit opens a case of
    `silence_category`; without a category its silence only climbs the ladder.
    """

    late_after_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] = 60
    skew_minutes: Annotated[int, Field(ge=0, le=60)] = 2
    repeat_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 24
    keep_days: Annotated[int, Field(ge=31, le=3650)] = 400
    silence_case_hours: Annotated[float, Field(ge=0, le=24 * 30)] = 4
    silence_category: Code | None = None
