"""The secrets of an embedded system, created once and kept in `secrets.json` of its data directory (mode 600)."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "secrets.json"


@dataclass(frozen=True)
class Keys:
    """The secrets of one installation. Hexadecimal, so safe in a URL."""

    database_password: str
    token_secret: str


class KeysUnreadable(Exception):
    """`secrets.json` exists but is damaged."""


def load_keys(data_dir: Path) -> Keys:
    """Return the secrets of `data_dir`, created now if it has none.

    Raises KeysUnreadable when the file is damaged: new secrets would not open the existing database.
    """
    path = data_dir / FILE
    try:
        content = json.loads(path.read_text())
        return Keys(database_password=str(content["database_password"]), token_secret=str(content["token_secret"]))
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError) as error:
        raise KeysUnreadable(f"{path} is damaged ({error}); put back a copy of it") from error
    keys = Keys(database_password=secrets.token_hex(24), token_secret=secrets.token_hex(32))
    _write(path, keys)
    return keys


def _write(path: Path, keys: Keys) -> None:
    """Write atomically, with fsync: half a secret would be worse than none."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(keys), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
