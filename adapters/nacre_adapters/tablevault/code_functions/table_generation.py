"""Tables from what lies about: a folder of files, a CSV file, a frame, a list."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd


def create_paper_table_from_folder(
    folder_dir: str, copies: int, artifact_folder: str, extension: str = ".pdf"
) -> pd.DataFrame:
    """Copy the files of a folder to the artifacts, and return a row for each.

    The columns: name without extension, name of the artifact, path of the file. With more than
    one copy each has a number at the end of its name.
    """
    rows = []
    for file in sorted(Path(folder_dir).iterdir()):
        if file.suffix != extension:
            continue
        for copy in range(copies):
            name = file.stem if copies == 1 else f"{file.stem}_{copy}"
            shutil.copyfile(file, Path(artifact_folder) / f"{name}{extension}")
            rows.append([name, f"{name}{extension}", str(file)])
    return pd.DataFrame(rows, columns=["file_name", "artifact_name", "original_path"])


def create_data_table_from_table(
    df: pd.DataFrame, nrows: int | None = None, random_sample: bool = False
) -> pd.DataFrame:
    """Return *df*, or its first rows, or as many at random."""
    if nrows is None:
        return df
    return df.sample(n=nrows) if random_sample else df.head(nrows)


def create_data_table_from_csv(csv_file_path: str) -> pd.DataFrame:
    """Return what a CSV file holds."""
    return pd.read_csv(csv_file_path)


def create_data_table_from_list(vals: Sequence[object]) -> pd.DataFrame:
    """Return a frame of one column with the values."""
    return pd.DataFrame({"temp_name": pd.Series(list(vals), dtype=object)})
