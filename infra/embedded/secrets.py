"""The secrets of an embedded system: made once, kept in `secrets.json` of its data directory (mode 600)."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "secrets.json"


@dataclass(frozen=True)
class Keys:
    """What only this installation knows. Hexadecimal, so safe in a URL."""

    database_password: str
    token_secret: str


class KeysUnreadable(Exception):
    """`secrets.json` is there, but is not what we wrote."""


def load_keys(data_dir: Path) -> Keys:
    """The secrets of `data_dir`, made now if it has none.

    Raises KeysUnreadable when the file is damaged: making new ones would lock the database out.
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
    """In one move and through to the disk: half a secret would be worse than none."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(keys), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
