"""What stands for the code of a view in names of derived files: other code, other name.

A version says that code has changed only if its author raised it. So the compiled methods count
too, as far as the class itself holds them.
"""

from types import CodeType

from nacre import codec
from nacre.hashing import digest_of
from nacre.views.view import Upcasts, View


def code_of(view: type[View], upcasts: Upcasts) -> str:
    """Return sixteen hexadecimal digits that stand for a view, its code and the upcasts."""
    said = [view.name, view.version, view.__module__, view.__qualname__, *upcasts.names()]
    for held in view.__mro__[:-1]:
        for name, member in sorted(vars(held).items(), key=lambda item: item[0]):
            compiled = getattr(member, "__code__", None)
            if isinstance(compiled, CodeType):
                said += [name, *_said_by(compiled)]
    return digest_of(codec.pack(said)).raw.hex()[:16]


def _said_by(compiled: CodeType) -> list[object]:
    said: list[object] = [compiled.co_code, *compiled.co_names]
    for constant in compiled.co_consts:
        inner = _said_by(constant) if isinstance(constant, CodeType) else [repr(constant)]
        said.extend(inner)
    return said
