"""Arguments by both of their names, and what is checked of them before anything else."""

from nacre_adapters.modelvault.errors import Malformed, WrongType

_RECOVERIES = ("strict", "auto_truncate")


def given(argument: str, value: str | None, other: str | None) -> str:
    """Return an argument that may be given by either of two names.

    Raises:
        WrongType: it is given by neither.
    """
    found = other if value is None else value
    if found is None:
        raise WrongType(f"missing 1 required argument: '{argument}'")
    return found


def check_recovery(recovery: str | None) -> None:
    """Raise Malformed unless *recovery* is one of the modes."""
    if recovery is not None and recovery not in _RECOVERIES:
        raise Malformed(f"recovery must be 'strict' or 'auto_truncate', got \"{recovery}\"")
