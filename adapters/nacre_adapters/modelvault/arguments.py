"""Arguments by both of their names, and what is checked of them before anything else."""

from typing import Final, TypeVar

from nacre_adapters.modelvault.errors import Malformed, WrongType, no_instance

_RECOVERIES = ("strict", "auto_truncate")

MISSING: Final = object()
"""Stands for an argument that is not given, where None is a value."""


Argument = TypeVar("Argument")


def given(argument: str, value: str | None, other: str | None) -> str:
    """Return an argument that may be given by either of two names.

    Raises:
        WrongType: it is given by neither.
    """
    return required(argument, other if value is None else value)


def required(argument: str, value: Argument | None) -> Argument:
    """Return an argument that has no default.

    Raises:
        WrongType: it is not given.
    """
    if value is None:
        raise WrongType(f"missing 1 required argument: '{argument}'")
    return value


def either(argument: str, value: object, other: object) -> object:
    """Return an argument that may be given by either of two names, where None is a value.

    Raises:
        WrongType: it is given by neither.
    """
    found = other if value is MISSING else value
    check_given(argument, found)
    return found


def check_given(argument: str, value: object) -> None:
    """Refuse an argument that is not given, where None would be a value.

    Raises:
        WrongType: it is not given.
    """
    if value is MISSING:
        raise WrongType(f"missing 1 required argument: '{argument}'")


def check_recovery(recovery: str | None) -> None:
    """Refuse what is no mode of recovery.

    Raises:
        WrongType: it is no text.
        Malformed: there is no mode of that name.
    """
    if recovery is not None and not isinstance(recovery, str):
        raise no_instance(recovery, "str", argument="recovery")
    if recovery is not None and recovery not in _RECOVERIES:
        raise Malformed(f"recovery must be 'strict' or 'auto_truncate', got \"{recovery}\"")
