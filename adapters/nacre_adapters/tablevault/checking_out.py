"""A TableVault as files, laid out as the original does: to read with other tools, not to edit."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import nacre
from nacre import Digest
from nacre_adapters.tablevault.artifact_string import NAME as ARTIFACT
from nacre_adapters.tablevault.artifacts import kept_files, temporary_folder
from nacre_adapters.tablevault.content import loaded
from nacre_adapters.tablevault.errors import TVArgumentError
from nacre_adapters.tablevault.names import temporary_id
from nacre_adapters.tablevault.places import opened
from nacre_adapters.tablevault.reading import Reader
from nacre_adapters.tablevault.state import Instance, Table, Temporary
from nacre_adapters.tablevault.tablevault import TableVault

_ARTIFACTS = "artifacts"


def checkout(
    vault: str | os.PathLike[str] | nacre.Vault | TableVault, directory: str | os.PathLike[str]
) -> int:
    """Write a vault into a new or empty directory, and return how many instances it has.

    Raises:
        TVArgumentError: the directory is not empty, or there is no vault.
    """
    target = Path(directory)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise TVArgumentError(f"{target} is not empty; choose a new directory")
    with opened(vault.vault if isinstance(vault, TableVault) else vault) as place:
        return _write(Reader(vault=place.vault, files=place.files), target)


def _write(reader: Reader, target: Path) -> int:
    target.mkdir(parents=True, exist_ok=True)
    _describe(target, reader.description("", ""))
    modules = reader.tables.modules()
    _write_texts(reader.vault, target / "code_functions", modules, ".py")
    count = 0
    for table in reader.tables.tables():
        folder = target / table.name
        folder.mkdir()
        _describe(folder, reader.description("", table.name))
        for temporary in reader.tables.temporaries(table.number):
            _write_instance(reader, folder / temporary_id(temporary.version), table, temporary)
        for instance in reader.tables.instances(table.number):
            _write_instance(reader, folder / instance.id, table, instance)
            count += 1
        if not table.multiple_artifacts:
            last = reader.tables.instance(table.number, table.artifact_instance)
            (folder / _ARTIFACTS).mkdir()
            _write_files(reader.vault, folder, last)
    return count


def _write_instance(
    reader: Reader, folder: Path, table: Table, found: Instance | Temporary
) -> None:
    folder.mkdir()
    _describe(folder, reader.description(folder.name, table.name))
    frame = loaded(reader.vault, found.frame)
    frame.to_csv(folder / "table.csv", index=False)
    types = {
        str(name): ARTIFACT if name in found.artifact_columns else str(dtype)
        for name, dtype in frame.dtypes.items()
    }
    (folder / "dtypes.json").write_text(json.dumps(types, ensure_ascii=False))
    if not found.external_edit:
        _write_texts(reader.vault, folder / "builders", found.builders, ".yaml")
    if isinstance(found, Temporary):
        files = temporary_folder(reader.files, found, create=False)
        if files.is_dir():
            shutil.copytree(files, folder / _ARTIFACTS)
        return
    if found.modules:
        _write_texts(reader.vault, folder / "EXECUTION_ARCHIVE", found.modules, ".py")
    _write_files(reader.vault, folder, found)


def _write_files(vault: nacre.Vault, folder: Path, instance: Instance | None) -> None:
    for path, digest in kept_files(vault, instance).items():
        file = folder / _ARTIFACTS / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(vault.get_blob(digest))


def _write_texts(
    vault: nacre.Vault, folder: Path, texts: Mapping[str, Digest], suffix: str
) -> None:
    folder.mkdir()
    for name, digest in texts.items():
        (folder / f"{name}{suffix}").write_bytes(vault.get_blob(digest))


def _describe(folder: Path, description: Mapping[str, object]) -> None:
    """Write a description as YAML, of which JSON is a part."""
    lines = [f"{name}: {json.dumps(description[name])}\n" for name in sorted(description)]
    (folder / "description.yaml").write_text("".join(lines))
