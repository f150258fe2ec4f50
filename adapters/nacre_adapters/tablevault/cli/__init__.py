"""The command `nacre-tablevault`: the original's commands, and what a vault adds."""

from nacre_adapters.tablevault.cli.program import main

__all__ = ["main"]
