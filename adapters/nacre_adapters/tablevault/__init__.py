"""The interface of TableVault 0.1, on a nacre vault."""

from nacre_adapters.tablevault.archive import compress_vault, decompress_vault, delete_vault
from nacre_adapters.tablevault.artifact_string import ArtifactStringDtype
from nacre_adapters.tablevault.checkout import checkout
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
