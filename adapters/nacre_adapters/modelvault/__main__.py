"""`python -m nacre_adapters.modelvault`: the commands of `nacre-modelvault`."""

from nacre_adapters.modelvault.cli import main

main()
