"""Bringing over a vault that the package tablevault 0.1 made."""

from nacre_adapters.tablevault.migration.importing import Imported, import_vault

__all__ = ["Imported", "import_vault"]
