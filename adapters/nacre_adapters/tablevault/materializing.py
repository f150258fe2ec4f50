"""From a frame and a folder of files to what an instance holds, stored but not yet an instance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

import nacre
from nacre import Digest
from nacre_adapters.tablevault.artifacts import (
    check_named,
    collected,
    kept_files,
    put_files,
    referenced,
    temporary_folder,
)
from nacre_adapters.tablevault.content import Prepared, dated, stored
from nacre_adapters.tablevault.state import Instance
from nacre_adapters.tablevault.writing import Content
from nacre_adapters.tablevault.writing import Place as Begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a write or an execution has made, besides the frame."""

    dependencies: Sequence[Sequence[str]] = ()
    modules: Mapping[str, Digest] = field(default_factory=dict)
    recipes: Mapping[str, str] = field(default_factory=dict)
    success: bool = True
    origin: Instance | None = None
    """What columns are compared with, to say when they last changed."""


def put_content(
    vault: nacre.Vault, files: Path, place: Begun, prepared: Prepared, made: Made
) -> Content:
    """Store the frame and the files of a temporary instance.

    Raises:
        TVTableError: a column cannot be stored, or a file that a cell names is nowhere.
        TVArtifactError: something in the folder is no file, or no cell of a strict table names it.
    """
    frame, artifacts = _put_artifacts(vault, files, place, prepared)
    follows = None if place.follows is None else place.follows.frame
    digest = stored(vault, frame, follows)
    columns = dated(vault, digest, frame.columns, made.origin)
    unchanged = made.origin is not None and columns.keys() == made.origin.columns.keys()
    is_new = not unchanged or not all(columns.values())
    return Content(
        frame=digest,
        rows=len(frame),
        columns=columns,
        changed_ns=None if is_new or made.origin is None else made.origin.changed_ns,
        artifact_columns=prepared.artifact_columns,
        artifacts=artifacts,
        dependencies=made.dependencies,
        modules=made.modules,
        recipes=made.recipes,
        success=made.success,
    )


def _put_artifacts(
    vault: nacre.Vault, files: Path, place: Begun, prepared: Prepared
) -> tuple[pd.DataFrame, Digest | None]:
    folder = temporary_folder(files, place.temporary, create=False)
    own = collected(vault, folder)
    frame = prepared.frame
    cells = [cell for name in prepared.artifact_columns for cell in frame[name].dropna()]
    others = [kept_files(vault, instance) for instance in place.files_of] if cells else []
    changed, taken = referenced(cells, folder, own, others)
    if place.table.strict_artifacts:
        check_named((changed.get(cell, cell) for cell in cells), folder, own)
    if changed:
        frame = frame.copy(deep=False)
        for name in prepared.artifact_columns:
            frame[name] = frame[name].replace(changed)
    return frame, put_files(vault, {**own, **taken})
