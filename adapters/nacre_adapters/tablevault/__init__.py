"""The interface of TableVault 0.1, on a nacre vault.

Names are imported when they are first asked for, so that whoever only maintains the views, as
`nacre verify` does, needs neither pandas nor what builders need.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nacre_adapters.tablevault.archive import compress_vault, decompress_vault, delete_vault
    from nacre_adapters.tablevault.artifact_string import ArtifactStringDtype
    from nacre_adapters.tablevault.checking_out import checkout
    from nacre_adapters.tablevault.errors import (
        TableReferenceError,
        TableVaultError,
        TVArgumentError,
        TVArtifactError,
        TVBuilderError,
        TVFileError,
        TVForcedError,
        TVImplementationError,
        TVLockError,
        TVOpenAIError,
        TVProcessError,
        TVTableError,
    )
    from nacre_adapters.tablevault.process_log import ProcessLog
    from nacre_adapters.tablevault.tablevault import TableVault

__all__ = [
    "ArtifactStringDtype",
    "ProcessLog",
    "TVArgumentError",
    "TVArtifactError",
    "TVBuilderError",
    "TVFileError",
    "TVForcedError",
    "TVImplementationError",
    "TVLockError",
    "TVOpenAIError",
    "TVProcessError",
    "TVTableError",
    "TableReferenceError",
    "TableVault",
    "TableVaultError",
    "checkout",
    "compress_vault",
    "decompress_vault",
    "delete_vault",
]

_HOMES = {
    "ArtifactStringDtype": "artifact_string",
    "ProcessLog": "process_log",
    "TableVault": "tablevault",
    "checkout": "checking_out",
    "compress_vault": "archive",
    "decompress_vault": "archive",
    "delete_vault": "archive",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.{_HOMES.get(name, 'errors')}")
    return getattr(home, name)
