"""TCP ports on this machine."""

import random
import socket

HOST = "127.0.0.1"

#: Below the range that outgoing connections take theirs from (Linux: 32768 up), so that nobody slips in
#: while a server restarts.
RANGE = range(15_000, 32_000)


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on `port` now. Connections that are only fading out don't count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(count: int, *, avoid: set[int] | None = None) -> list[int]:
    """`count` different ports that nobody listens on, none of them in `avoid`.

    Raises OSError when this machine has none left.
    """
    found: list[int] = []
    for port in random.sample(RANGE, len(RANGE)):
        if len(found) == count:
            return found
        if port not in (avoid or ()) and is_free(port):
            found.append(port)
    raise OSError(f"no {count} free TCP ports between {RANGE.start} and {RANGE.stop - 1}")
