"""The only reader of the clocks: everything else is handed the time."""

import time


def now_ns() -> int:
    """Return the time now, in nanoseconds since the epoch, UTC."""
    return time.time_ns()


def monotonic_seconds() -> float:
    """Return seconds that only ever go on, from no moment in particular."""
    return time.monotonic()
