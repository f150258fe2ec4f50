"""`python -m nacre_adapters.flowstore`: the commands of `nacre-flows`."""

from nacre_adapters.flowstore.cli import main

main()
