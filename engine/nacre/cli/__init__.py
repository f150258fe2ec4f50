"""The command `nacre`: one file a command, each calls one operation and prints what it returns.

Exit codes: 0 fine, 1 findings, 2 cannot tell.
"""

from nacre.cli.program import main

__all__ = ["main"]
