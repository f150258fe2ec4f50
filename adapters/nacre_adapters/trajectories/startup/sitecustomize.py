"""Read by every Python process that has this folder on its path: pyTAMS then uses the adapter.

Another module of this name, which this one hides, is run as well.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

from nacre_adapters.trajectories.install import LEVEL_VARIABLE, install_here

_HERE = str(Path(__file__).parent)


def _run_hidden() -> None:
    elsewhere = [folder for folder in sys.path if folder != _HERE]
    spec = PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


install_here(os.environ.get(LEVEL_VARIABLE, "v1"))
_run_hidden()
