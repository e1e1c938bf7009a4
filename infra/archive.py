"""The archive: files that are written once, in a folder or in an S3-compatible bucket."""

from infra.objects import Objects, open_objects
from infra.settings import Settings

STORE = "archive"


def open_archive(settings: Settings) -> Objects:
    """Return the archive that the settings name; nothing is read yet. Raises what `open_objects` raises."""
    return open_objects(settings, settings.archive or str(settings.data_dir / STORE), STORE)
