"""A digest of what a step does: its code, and what that uses as far as one can see it."""

import hashlib
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType

from nacre.errors import InvalidInput

_MOST_MEMBERS = 1000


def code_of(function: Callable[..., object]) -> str:
    """Return a digest of what a function does.

    Of its code, constants and defaults; of the functions of its own module that it names, and
    theirs; of plain values that it finds in its module, in functions around it, and, when it is a
    method, in its object. What other modules do, and what objects hold, is not looked at.

    Raises:
        InvalidInput: it is not written in Python.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in _of_function(function, set()):
        digest.update(repr(part).encode(errors="surrogatepass"))
    return digest.hexdigest()


def _of_function(function: Callable[..., object], seen: set[int]) -> Iterator[object]:
    found = function.__func__ if isinstance(function, MethodType) else function
    if not isinstance(found, FunctionType):
        raise InvalidInput(f"{function!r:.80} has no code to look at: give the code of the step")
    if id(found) in seen:
        return
    seen.add(id(found))
    yield from _of_code(found.__code__)
    yield found.__defaults__, found.__kwdefaults__
    holder = getattr(function, "__self__", None)
    for name, value in sorted([*_used(found), *_attributes(holder)], key=lambda each: each[0]):
        if isinstance(value, FunctionType) and value.__module__ == found.__module__:
            yield name
            yield from _of_function(value, seen)
        elif _is_plain(value):
            yield name, value


def _of_code(code: CodeType) -> Iterator[object]:
    yield code.co_code, code.co_names, code.co_varnames, code.co_freevars
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _of_code(constant)
        elif isinstance(constant, frozenset):
            yield sorted(map(repr, constant))
        else:
            yield constant


def _used(function: FunctionType) -> Iterator[tuple[str, object]]:
    """Yield what the names in a function stand for, and in those inside of it."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # it is not assigned yet
            continue
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            yield name, function.__globals__[name]


def _names(code: CodeType) -> set[str]:
    inner = [_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*inner)


def _attributes(holder: object) -> list[tuple[str, object]]:
    return [(f"self.{name}", value) for name, value in getattr(holder, "__dict__", {}).items()]


def _is_plain(value: object) -> bool:
    """Tell whether a value shows all that it is, and shows it alike in every process."""
    if value is None or isinstance(value, str | bytes | int | float | complex):
        return True
    if isinstance(value, list | tuple) and len(value) <= _MOST_MEMBERS:
        return all(map(_is_plain, value))
    if isinstance(value, dict) and len(value) <= _MOST_MEMBERS:
        return all(_is_plain(key) and _is_plain(member) for key, member in value.items())
    return False
