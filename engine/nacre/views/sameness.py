"""Whether two classes are the same view, as when the cell of a notebook runs again."""

import re
from types import CellType, CodeType, FunctionType

from nacre.views.view import View

# Where a class stands, and what Python keeps in it for itself.
_NO_CODE = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__firstlineno__"}
    | {"__static_attributes__", "__annotations__", "__annotate__", "__annotate_func__"}
    | {"__annotations_cache__", "__abstractmethods__", "_abc_impl", "__parameters__"}
    | {"__orig_bases__", "_is_protocol", "__protocol_attrs__", "__subclasshook__"}
)


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def is_same_view(one: type[View], other: type[View]) -> bool:
    """Tell whether two classes have one name, and methods and attributes that do the same.

    What their methods call outside the class is not looked at.
    """
    return one is other or _shape(one) == _shape(other)


def _shape(view: type) -> object:
    bases = [base for base in view.__mro__ if base is not object]
    return [(base.__module__, base.__qualname__, _attributes(base)) for base in bases]


def _attributes(base: type) -> dict[str, object]:
    return {name: _meaning(value) for name, value in vars(base).items() if name not in _NO_CODE}


def _meaning(value: object) -> object:
    """Return what can be compared: of code what it does, of anything else the thing itself."""
    if isinstance(value, staticmethod | classmethod):
        return type(value), _meaning(value.__func__)
    if isinstance(value, property):
        return property, *map(_meaning, (value.fget, value.fset, value.fdel))
    if isinstance(value, FunctionType):
        around = (value.__defaults__, value.__kwdefaults__, *map(_inside, value.__closure__ or ()))
        return _code(value.__code__), [_meaning(each) for each in around]
    if isinstance(value, type):
        return value.__module__, value.__qualname__
    if isinstance(value, dict):
        return [(key, _meaning(inner)) for key, inner in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [_meaning(inner) for inner in value]
    return type(value), _ADDRESS.sub("", repr(value))


def _inside(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # nothing yet
        return None


def _code(code: CodeType) -> object:
    constants = [
        _code(constant) if isinstance(constant, CodeType) else (type(constant), constant)
        for constant in code.co_consts
    ]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return code.co_code, constants, names, code.co_flags, code.co_argcount, code.co_kwonlyargcount
