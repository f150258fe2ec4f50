"""Progress of a step: many calls, few events.

A burst of updates is recorded, then a few a second. What was held back is recorded when the step
ends, or by a timer when no other update comes; nothing but the display waits for it.
"""

import math
import threading
import time
import warnings
from collections.abc import Callable

from nacre.errors import InvalidInput, NacreError

BURST = 8
PER_SECOND = 4.0
_LONGEST_MESSAGE = 2000

Update = tuple[float, str, bool]
Record = Callable[[Update], None]


class Progress:
    """Passes updates of one step on to *record*, some of them. Threads may share it."""

    def __init__(self, record: Record, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._record = record
        self._clock = clock
        self._lock = threading.Lock()
        self._allowed = float(BURST)
        self._time = clock()
        self._waiting: Update | None = None
        self._timer: threading.Timer | None = None

    def update(self, update: Update) -> bool:
        """Record an update, now or soon; return whether nothing went wrong."""
        with self._lock:
            now = self._clock()
            self._allowed = min(BURST, self._allowed + (now - self._time) * PER_SECOND)
            self._time = now
            self._waiting = update
            if self._allowed < 1 and update[0] < 100:
                self._start_timer()
                return True
            self._allowed -= 1
            return self._send()

    def flush(self) -> bool:
        """Record what was held back."""
        with self._lock:
            return self._send()

    def _send(self) -> bool:
        update, self._waiting = self._waiting, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if update is None:
            return True
        try:
            self._record(update)
        except NacreError:  # the work that is reported on goes on without
            return False
        return True

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(1 / PER_SECOND, self.flush)
            self._timer.daemon = True
            self._timer.start()


def checked(completion: float, message: str, page_update: bool) -> Update:
    """Return an update with its completion between 0 and 100.

    Raises:
        InvalidInput: the completion is no number.
    """
    if isinstance(completion, bool) or not isinstance(completion, int | float):
        raise InvalidInput(f"a completion of {completion!r:.40} is no number: give 0 to 100")
    if math.isnan(completion):
        raise InvalidInput("a completion of NaN is no number: give 0 to 100")
    if not 0 <= completion <= 100:
        warnings.warn(f"a completion of {completion} is not in 0 to 100", stacklevel=4)
    told = str(message)[:_LONGEST_MESSAGE]
    return min(100.0, max(0.0, float(completion))), told, bool(page_update)
