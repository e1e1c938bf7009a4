"""A client that connects at its first call fails like one that has lost its connection: with RPCError, UNAVAILABLE.

The SDK raises a RuntimeError while it has never been connected. An API that was started while Temporal could not be
reached would answer 500 instead of 503.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.client import ClientConfig, Plugin
from temporalio.service import ConnectConfig, RPCError, RPCStatusCode, ServiceClient


class _LazyServiceClient(ServiceClient):
    """The SDK's client, with that error of it translated."""

    def __init__(self, sdk: ServiceClient) -> None:
        super().__init__(sdk.config)
        self._sdk = sdk

    @property
    def worker_service_client(self) -> Any:
        """The SDK's client."""
        return self._sdk.worker_service_client

    def update_rpc_metadata(self, metadata: Any) -> None:
        """Pass it on."""
        self._sdk.update_rpc_metadata(metadata)

    def update_api_key(self, api_key: str | None) -> None:
        """Pass it on."""
        self._sdk.update_api_key(api_key)

    async def _rpc_call(self, *arguments: Any, **options: Any) -> Any:
        try:
            return await self._sdk._rpc_call(*arguments, **options)
        except RuntimeError as error:
            raise RPCError(str(error), RPCStatusCode.UNAVAILABLE, b"") from error


class NeverConnected(Plugin):
    """Makes clients of that kind."""

    def configure_client(self, config: ClientConfig) -> ClientConfig:
        """Change nothing."""
        return config

    async def connect_service_client(
        self, config: ConnectConfig, next: Callable[[ConnectConfig], Awaitable[ServiceClient]]
    ) -> ServiceClient:
        """Wrap the client that the SDK makes."""
        return _LazyServiceClient(await next(config))
