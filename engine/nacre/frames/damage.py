"""What libraries raise over bytes that are not what was written, told as damage."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from nacre.errors import CorruptionError, NacreError

_RAISED = (
    *(pa.ArrowException, ValueError, TypeError, LookupError, ArithmeticError),
    *(AttributeError, OSError, MemoryError, SyntaxError, SystemError, RecursionError),
)


@contextmanager
def damage_reported(what: str) -> Iterator[None]:
    """Raise CorruptionError over *what* for any error that decoding stored bytes can end in."""
    try:
        yield
    except NacreError:
        raise
    except _RAISED as error:
        raise CorruptionError(
            f"{what} does not fit together ({error}): run `nacre verify`"
        ) from error
