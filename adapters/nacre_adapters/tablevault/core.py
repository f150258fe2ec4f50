"""What `tablevault.core` has, for those who import from there."""

from nacre_adapters.tablevault.archive import compress_vault, decompress_vault, delete_vault
from nacre_adapters.tablevault.tablevault import TableVault

__all__ = ["TableVault", "compress_vault", "decompress_vault", "delete_vault"]
