"""The command `nacre-tenants`: one file a command.

Exit codes: 0 fine, 1 findings, 2 cannot tell.
"""

from nacre_adapters.tenants.cli.program import main

__all__ = ["main"]
