"""Standard output and error whose reader may leave: the command goes on, so its verdict holds.

click and rich both end the process with code 1 when a pipe is closed, which means findings here.
"""

import os
import sys
from typing import TextIO


class Outlet:
    """A stream that takes everything, and says nothing more once nobody reads it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write *text*, if anybody reads it."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._let_go()
            return len(text)

    def flush(self) -> None:
        """Send what was written, if anybody reads it."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._let_go()

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def _let_go(self) -> None:
        # What is still buffered goes there too, also when the interpreter ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def use_outlets() -> None:
    """Let everything that is printed from now on pass through outlets."""
    sys.stdout = _outlet(sys.stdout)
    sys.stderr = _outlet(sys.stderr)


def _outlet(stream: TextIO) -> TextIO:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:  # a name of a file need not be text
        reconfigure(errors="backslashreplace")
    return Outlet(stream)  # type: ignore[return-value]  # it does what is used of one
