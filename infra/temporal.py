"""The connection to Temporal, by its own standard variables (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, …)."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import CompositePayloadConverter, DataConverter
from temporalio.envconfig import ClientConfig
from temporalio.service import GrpcCompression

#: The names of this very machine.
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

#: Where Temporal is when nothing says otherwise: its own custom.
DEFAULT_ADDRESS = "localhost:7233"
#: How long a closed case's history is kept: beyond the reopen window and any appeal (our choice).
RETENTION = timedelta(days=90)

_CONVERTERS = tuple(PydanticPayloadConverter().converters.values())


class _SharedConverter(CompositePayloadConverter):
    """The SDK makes a converter for every workflow task and every workflow; all of ours share what they have built."""

    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)


#: How our values travel: as pydantic's JSON.
DATA_CONVERTER = DataConverter(payload_converter_class=_SharedConverter)


async def connect(*, lazy: bool = False) -> Client:
    """A client with our converter, to the server that the environment names.

    `lazy` connects at the first call (the doors); a worker needs the server at once.
    """
    found = ClientConfig.load_client_connect_config()
    found.setdefault("target_host", DEFAULT_ADDRESS)
    return await Client.connect(
        **found,
        lazy=lazy,
        data_converter=DATA_CONVERTER,
        grpc_compression=_compression(found.get("target_host")),
    )


def _compression(target: str | None) -> GrpcCompression:
    """None to a server on this machine: there is no wire to spare, only processor time to lose."""
    host = (target or DEFAULT_ADDRESS).rpartition(":")[0].strip("[]")
    return GrpcCompression.NONE if host in LOOPBACK else GrpcCompression.GZIP


async def keep_histories(client: Client, retention: timedelta = RETENTION) -> None:
    """Sets the namespace's retention; the server's default of a day would lose closed cases."""
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
