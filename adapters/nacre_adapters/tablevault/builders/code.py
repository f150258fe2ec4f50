"""The functions that builders name: of the vault's code modules, or of those that come with it.

A module of the vault is run from its text, each time anew, and never found by `import`.
"""

import importlib
import linecache
import pkgutil
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias

from nacre_adapters.tablevault.errors import TVBuilderError, TVFileError

Function: TypeAlias = Callable[..., object]

BUILT_IN = "nacre_adapters.tablevault.code_functions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Where a function comes from: it can be sent to another process, as a function cannot."""

    module: str
    function: str
    source: str | None
    """None: the module is one of those that come with the adapter."""

    def load(self) -> Function:
        """Return the function.

        Raises:
            TVBuilderError: the module cannot be run.
            TVFileError: there is no such module or function.
        """
        found = _built_in(self.module) if self.source is None else self._run(self.source)
        function = getattr(found, self.function, None)
        if not callable(function):
            raise TVFileError(
                f"the module {self.module!r} has no function {self.function!r}: it has "
                f"{', '.join(_functions(found)) or 'none'}"
            )
        loaded: Function = function
        return loaded

    def check(self) -> None:
        """Do nothing, unless it can be seen without running it that there is no such function.

        Raises:
            TVBuilderError: the module is no Python.
            TVFileError: there is no such built-in module or function.
        """
        if self.source is None:
            self.load()
        else:
            self._compiled(self.source)

    def _run(self, source: str) -> types.ModuleType:
        file = self._file
        module = types.ModuleType(self.module)
        module.__file__ = file
        # So that a traceback shows the lines of what lies in no file.
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        code = self._compiled(source)
        try:
            exec(code, module.__dict__)  # noqa: S102  # what a builder is for
        except Exception as error:
            raise TVBuilderError(
                f"the module {self.module!r} cannot be run, {_line(error, file)}"
                f"{type(error).__name__}: {error}"
            ) from error
        return module

    def _compiled(self, source: str) -> types.CodeType:
        try:
            return compile(source, self._file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:  # ValueError: a null byte
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
            raise TVBuilderError(
                f"the module {self.module!r} is no Python{line}: {error.args[0]}"
            ) from error

    @property
    def _file(self) -> str:
        return f"code_functions/{self.module}.py"


def _built_in(name: str) -> types.ModuleType:
    if name not in built_in_modules():
        raise TVFileError(
            f"there is no built-in module {name!r}: there is {', '.join(built_in_modules())}; "
            "write is_custom: true for one of the vault's"
        )
    return importlib.import_module(f"{BUILT_IN}.{name}")


def built_in_modules() -> list[str]:
    """Return the names of the modules that come with the adapter."""
    folder = importlib.import_module(BUILT_IN).__path__
    return sorted(module.name for module in pkgutil.iter_modules(folder))


def _functions(module: types.ModuleType) -> list[str]:
    return [name for name, each in vars(module).items() if isinstance(each, types.FunctionType)]


def _line(error: BaseException, file: str) -> str:
    """Return the line of the module in which an error arose."""
    trace = error.__traceback__
    line = None
    while trace is not None:
        if PurePath(trace.tb_frame.f_code.co_filename) == PurePath(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return "" if line is None else f"line {line}: "
