"""Free TCP ports on this machine."""

import random
import socket

HOST = "127.0.0.1"

#: Below the range of outgoing connections (Linux: 32768 and up), so that none takes the port of a restarting server.
RANGE = range(15_000, 32_000)


def is_free(port: int, host: str = HOST) -> bool:
    """Return whether a server can listen on `port` now. Connections in TIME_WAIT do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(count: int, *, avoid: set[int] | None = None) -> list[int]:
    """Return `count` different free ports, none of them in `avoid`.

    Raises OSError when there are not enough.
    """
    found: list[int] = []
    for port in random.sample(RANGE, len(RANGE)):
        if len(found) == count:
            return found
        if port not in (avoid or ()) and is_free(port):
            found.append(port)
    raise OSError(f"no {count} free TCP ports between {RANGE.start} and {RANGE.stop - 1}")
