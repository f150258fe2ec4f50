"""The command `nacre-flows`: one file a command.

Exit codes: 0 fine, 1 findings, 2 cannot tell.
"""

from nacre_adapters.flowstore.cli.program import main

__all__ = ["main"]
