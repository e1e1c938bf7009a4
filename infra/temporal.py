"""The client for Temporal, configured by its own variables (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, …)."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from google.protobuf.duration_pb2 import Duration
from pydantic import TypeAdapter
from temporalio.api.common.v1 import Payload
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client, HeaderCodecBehavior
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter, PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
)
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression

from infra.keys.ring import FileRing
from infra.payload_codec import EncryptionCodec
from infra.settings import Settings
from infra.temporal_away import NeverConnected
from infra.tracing import temporal_interceptors
from models.base import STORED

#: Names of this machine.
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

#: Temporal's own default address.
DEFAULT_ADDRESS = "localhost:7233"
#: How long the history of a closed workflow is kept: beyond the reopen window and any appeal (our choice).
RETENTION = timedelta(days=90)

_adapter = lru_cache(maxsize=1024)(TypeAdapter)


class _StoredJson(PydanticJSONPlainPayloadConverter):
    """JSON that is read as it was written: a history outlives the rules for what a door accepts."""

    def from_payload(self, payload: Payload, type_hint: Any = None) -> Any:
        return _adapter(Any if type_hint is None else type_hint).validate_json(payload.data, context=STORED)


_CONVERTERS = tuple(
    _StoredJson() if isinstance(converter, PydanticJSONPlainPayloadConverter) else converter
    for converter in PydanticPayloadConverter().converters.values()
)


class _SharedConverter(CompositePayloadConverter):
    """A payload converter whose instances share their parts: the SDK creates one for every workflow and every task."""

    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)


def make_converter(key_file: Path) -> DataConverter:
    """Return the data converter: pydantic JSON, encrypted by the master keys in the file; messages and traces of
    failures as well. Every client, worker and replay has the same.
    """
    return DataConverter(
        payload_converter_class=_SharedConverter,
        payload_codec=EncryptionCodec(FileRing(key_file)),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(
    settings: Settings,
    *,
    environment: Mapping[str, str] | None = None,
    lazy: bool = False,
    identity: str | None = None,
    runtime: Runtime | None = None,
) -> Client:
    """Return a client with our data converter for the server that `TEMPORAL_*` name, in `environment` or our own.

    `lazy` connects at the first call, for the API and the pages, and until then raises RPCError like a client that has
    lost its connection; a worker needs the server at once. `identity`: what the server calls this process; `runtime`:
    the SDK's, where it counts (`infra.temporal_metrics`).
    """
    config = ClientConfig.load_client_connect_config(override_env_vars=environment)
    config.setdefault("target_host", DEFAULT_ADDRESS)
    return await Client.connect(
        **config,
        lazy=lazy,
        plugins=[NeverConnected()] if lazy else [],
        identity=identity,
        runtime=runtime,
        interceptors=temporal_interceptors(),
        data_converter=make_converter(settings.key_ring),
        header_codec_behavior=HeaderCodecBehavior.CODEC,
        grpc_compression=_choose_compression(config.get("target_host")),
    )


def _choose_compression(target: str | None) -> GrpcCompression:
    """Return no compression for a server on this machine: it would only cost processor time."""
    host = (target or DEFAULT_ADDRESS).rpartition(":")[0].strip("[]")
    return GrpcCompression.NONE if host in LOOPBACK_HOSTS else GrpcCompression.GZIP


async def ensure_retention(client: Client, retention: timedelta = RETENTION) -> None:
    """Raise the retention of the namespace to `retention`. The server's default of one day would lose closed cases."""
    service = client.workflow_service
    described = await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    if described.config.workflow_execution_retention_ttl.ToTimedelta() >= retention:
        return
    span = Duration()
    span.FromTimedelta(retention)
    await service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace,
            config=NamespaceConfig(workflow_execution_retention_ttl=span),
        )
    )
