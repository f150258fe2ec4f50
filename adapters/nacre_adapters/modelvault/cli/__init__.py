"""The command `nacre-modelvault`: one file a command.

Exit codes: 0 fine, 1 findings, 2 cannot tell.
"""

from nacre_adapters.modelvault.cli.program import main

__all__ = ["main"]
