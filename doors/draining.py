"""The end of a process of the API: what it still answers, and what it ends at once."""

from collections.abc import Callable


class Drain:
    """Whether this process has been told to stop. One for each application, as `app.state.drain`.

    From `begin` on `/readyz` fails, every answer closes its connection, and live streams end, so that balancers and
    pages go elsewhere; requests are still answered until the listener closes.
    """

    def __init__(self) -> None:
        self.begun = False
        self._calls: list[Callable[[], None]] = []

    def at_begin(self, call: Callable[[], None]) -> None:
        """Have `call` called when the draining begins; at once when it has begun."""
        if self.begun:
            call()
        else:
            self._calls.append(call)

    def begin(self) -> None:
        """Begin, on the event loop of the application. A second call does nothing."""
        if self.begun:
            return
        self.begun = True
        for call in self._calls:
            call()
