"""Makes an unmodified pyTAMS use the adapter: here, and in every Python process started from here.

In this process the class is put where pyTAMS looks for it, also when it is imported later. Other
processes (Dask's workers, spawned ones) read `startup/sitecustomize.py`, which is put on their
path; forked ones inherit.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from nacre.errors import InvalidInput

LEVELS = ("seed", "v1", "head")
STARTUP = Path(__file__).parent / "startup"
LEVEL_VARIABLE = "NACRE_TRAJECTORIES_LEVEL"

_USERS = ("pytams.sqldb", "pytams.database", "pytams.worker")
_NAME = "SQLFile"


def install(level: str = "v1") -> None:
    """Let pyTAMS use the adapter in this process and in those that it starts.

    Raises:
        InvalidInput: there is no such level.
    """
    install_here(level)
    os.environ.update(environment(level, os.environ.get("PYTHONPATH", "")))


def install_here(level: str = "v1") -> None:
    """Let pyTAMS use the adapter in this process."""
    _check_level(level)
    for name in _USERS:
        module = sys.modules.get(name)
        if module is not None:
            _equip(module, level)
    for finder in [each for each in sys.meta_path if isinstance(each, _Finder)]:
        sys.meta_path.remove(finder)
    sys.meta_path.insert(0, _Finder(level))


def environment(level: str, python_path: str) -> dict[str, str]:
    """Return the variables that make Python processes use the adapter from their start.

    *python_path* is what PYTHONPATH was; it stays in force.
    """
    _check_level(level)
    kept = [part for part in python_path.split(os.pathsep) if part and part != str(STARTUP)]
    return {
        "PYTHONPATH": os.pathsep.join([str(STARTUP), *kept]),
        LEVEL_VARIABLE: level,
    }


class _Finder(MetaPathFinder):
    """Finds pyTAMS's modules as everyone does, and has them equipped when they are loaded."""

    def __init__(self, level: str) -> None:
        self.level = level

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec that the other finders have, with a loader around its own."""
        if fullname not in _USERS:
            return None
        others = (each for each in sys.meta_path if not isinstance(each, _Finder))
        found = (each.find_spec(fullname, path, target) for each in others)
        spec = next((each for each in found if each is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self.level)
        return spec


class _Loader(Loader):
    """Loads a module by its own loader, then gives it the adapter's class."""

    def __init__(self, inner: Loader, level: str) -> None:
        self._inner = inner
        self._level = level

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Return what the module's own loader makes."""
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, then give it the adapter's class."""
        self._inner.exec_module(module)
        _equip(module, self._level)


def _equip(module: ModuleType, level: str) -> None:
    if hasattr(module, _NAME):
        adapter = import_module(f"nacre_adapters.trajectories.{level}")
        setattr(module, _NAME, getattr(adapter, _NAME))


def _check_level(level: str) -> None:
    if level not in LEVELS:
        raise InvalidInput(f"there is no level {level!r}: choose one of {', '.join(LEVELS)}")
