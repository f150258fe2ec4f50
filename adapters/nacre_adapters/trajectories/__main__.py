"""`python -m nacre_adapters.trajectories`: the commands of `nacre-trajectories`."""

from nacre_adapters.trajectories.cli import main

main()
