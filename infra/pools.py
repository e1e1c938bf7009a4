"""The pools of database connections, as metrics: how large each is, how many are lent, how long callers waited."""

import time
from collections.abc import Iterable
from typing import Any
from weakref import WeakSet

from prometheus_client import REGISTRY, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import PoolProxiedConnection
from sqlalchemy.pool import AsyncAdaptedQueuePool

WAITS = Histogram(
    "gridloop_pool_wait_seconds",
    "Time that a caller waited for a connection because all of the pool were lent; at 3 seconds it gave up",
    ["pool"],
    buckets=(0.001, 0.01, 0.05, 0.1, 0.5, 1, 2, 3),
)


class MeasuredPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool, with metrics under its `logging_name`. Callers that need not wait cost nothing more."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _pools.add(self)

    def connect(self) -> PoolProxiedConnection:
        """Lend a connection. Raises what the pool raises when none becomes free in time."""
        if self.checkedout() < self.size():
            return super().connect()
        begun = time.monotonic()
        try:
            return super().connect()
        finally:
            WAITS.labels(_name(self)).observe(time.monotonic() - begun)


def _name(pool: MeasuredPool) -> str:
    return pool.logging_name or "main"


_pools: "WeakSet[MeasuredPool]" = WeakSet()


class PoolCollector(Collector):
    """The pools of this process as they are at the moment of the scrape. Pools of one name are added up."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the gauges."""
        size = GaugeMetricFamily("gridloop_pool_size", "The most connections that the pool opens", labels=["pool"])
        lent = GaugeMetricFamily("gridloop_pool_in_use", "Connections lent at the moment", labels=["pool"])
        pools = list(_pools)
        for name in sorted({_name(pool) for pool in pools}):
            ours = [pool for pool in pools if _name(pool) == name]
            size.add_metric([name], sum(pool.size() for pool in ours))
            lent.add_metric([name], sum(pool.checkedout() for pool in ours))
        yield size
        yield lent


POOLS = PoolCollector()
REGISTRY.register(POOLS)
