"""`python -m nacre_adapters.tablevault`."""

from nacre_adapters.tablevault.cli import main

main()
