"""The metrics of Temporal's SDK: slots, sticky cache, latencies from schedule to start, failures.

The SDK answers them itself, on a port of its own; we bind that to the loopback interface and pass them on with ours.
"""

from dataclasses import dataclass

import httpx
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from infra.embedded.ports import HOST, free_ports

#: Seconds that the SDK may take to answer on this machine.
_TIMEOUT = 2.0


@dataclass(frozen=True)
class MeasuredRuntime:
    """A runtime of the SDK that counts, and where it tells."""

    runtime: Runtime
    url: str

    async def read(self) -> bytes:
        """Return the metrics in Prometheus text format. Raises httpx.HTTPError."""
        async with httpx.AsyncClient(trust_env=False, timeout=_TIMEOUT) as http:
            answer = await http.get(self.url)
            return answer.raise_for_status().content


def measure_temporal() -> MeasuredRuntime:
    """Return a runtime for the client of this process. Raises RuntimeError when its port was taken meanwhile."""
    address = f"{HOST}:{free_ports(1)[0]}"
    told = PrometheusConfig(
        bind_address=address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
    )
    return MeasuredRuntime(Runtime(telemetry=TelemetryConfig(metrics=told)), f"http://{address}/metrics")
