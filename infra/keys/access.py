"""The keys that belong to an engine: they travel with it, so that whoever reads the table can open its records."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.keys.ring import FileRing, Ring, ServiceRing
from infra.keys.sealing import Keys
from infra.keys.vault import Vault
from infra.objects import open_objects
from infra.settings import Settings

#: What the metrics call the store of the vault.
STORE: Final = "vault"
#: The execution option of an engine that holds its `Keys`.
KEYS_OPTION: Final = "gridloop_keys"


def keys_for(settings: Settings) -> Keys:
    """Return the keys that the settings name. Nothing is read yet, but the files of the bucket's keys.

    Raises what `open_objects` raises.
    """
    ring: Ring
    if settings.key_service_url is None:
        ring = FileRing(settings.key_ring)
    else:
        token = settings.key_service_token
        ring = ServiceRing(settings.key_service_url, None if token is None else token.get_secret_value())
    return Keys(ring, Vault(open_objects(settings, settings.vault_place, STORE)))


def keys_of(source: AsyncConnection | AsyncEngine) -> Keys:
    """Return the keys of an engine of `infra.database`, or of a connection of one."""
    options = (
        source.sync_engine.get_execution_options()
        if isinstance(source, AsyncEngine)
        else source.sync_connection.get_execution_options()  # type: ignore[union-attr]
    )
    found = options[KEYS_OPTION]
    assert isinstance(found, Keys)
    return found
