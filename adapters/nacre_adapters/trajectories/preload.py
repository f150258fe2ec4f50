"""A Dask preload: `dask worker --preload nacre_adapters.trajectories.preload ...`."""

import os

from nacre_adapters.trajectories.install import LEVEL_VARIABLE, install_here


def dask_setup(_: object) -> None:
    """Let pyTAMS use the adapter in this worker; the level is that of the environment."""
    install_here(os.environ.get(LEVEL_VARIABLE, "v1"))
