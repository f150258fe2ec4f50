"""Files into frames and out of them: what is refused, and what is left alone."""

import errno
from pathlib import Path

import pandas as pd
import pytest

import nacre
from nacre.errors import DiskFull, InvalidInput, NotFound, ReadOnly, StorageError
from nacre.files import replacing
from nacre.operations.exchange import export_frame, import_frame, import_text


def put(vault: nacre.Vault, path: Path, content: bytes) -> pd.DataFrame:
    path.write_bytes(content)
    import_frame(vault.frames, "f", path, message="")
    return vault.frames.read("f")


REFUSED = {
    "a cell that is no text": (
        ".csv",
        "a,b\n1,Zürich\n".encode("latin1"),
        "'b' is no UTF-8",
    ),
    "a header that is no text": (".csv", "a,Zürich\n1,2\n".encode("latin1"), "header is no UTF-8"),
    "a row too long": (".csv", b"a,b\n1,2,3\n", "Expected 2 columns, got 3: 1,2,3.: correct the"),
    "nothing": (".csv", b"", "Empty CSV file.: correct the file"),
    "no Parquet": (".parquet", b"PAR1 no PAR1", "does not read as .parquet"),
    "no Arrow": (".arrow", b"ARROW1 no", "or give it the ending of what it is"),
}


@pytest.mark.parametrize(("ending", "content", "said"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_not_what_it_says_is_refused(
    ending: str, content: bytes, said: str, vault: nacre.Vault, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=said):
        put(vault, tmp_path / f"f{ending}", content)

    assert vault.head == 0


CSV = b"id,day,flag,note\n007,2026-01-01,true,\n,NA,false,x\n"


def test_the_types_of_a_csv_are_inferred(vault: nacre.Vault, tmp_path: Path) -> None:
    found = put(vault, tmp_path / "f.csv", CSV)

    assert found["id"].tolist()[0] == 7
    assert found["flag"].tolist() == [True, False]
    assert found["note"].tolist() == ["", "x"]


def test_a_csv_is_kept_as_text_when_asked(vault: nacre.Vault, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(CSV)

    import_text(vault.frames, "f", tmp_path / "f.csv", message="")

    rows = vault.frames.read("f").to_numpy().tolist()
    assert rows == [["007", "2026-01-01", "true", ""], ["", "NA", "false", "x"]]


def test_only_a_csv_is_kept_as_text(vault: nacre.Vault, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"use one of \.csv"):
        import_text(vault.frames, "f", tmp_path / "f.parquet", message="")


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".arrow"])
def test_a_file_beside_what_is_written_is_left_alone(
    ending: str, vault: nacre.Vault, tmp_path: Path
) -> None:
    vault.frames.write("f", pd.DataFrame({"a": [1]}))
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / f"o{ending}.part").write_text("mine")

    export_frame(vault.frames, "f", folder / f"o{ending}", version=None)

    assert sorted(path.name for path in folder.iterdir()) == [f"o{ending}", f"o{ending}.part"]
    assert (folder / f"o{ending}.part").read_text() == "mine"


def test_a_directory_that_is_missing_is_named(vault: nacre.Vault, tmp_path: Path) -> None:
    vault.frames.write("f", pd.DataFrame({"a": [1]}))

    with pytest.raises(NotFound, match=r"there is no directory .*none: make it, or correct"):
        export_frame(vault.frames, "f", tmp_path / "none" / "o.csv", version=None)


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (errno.ENOSPC, DiskFull, "no space is left: free some, then run it again"),
        (errno.EROFS, ReadOnly, "cannot be written .Read-only file system.: choose another dir"),
        (errno.EACCES, ReadOnly, "choose another directory"),
        (errno.EIO, StorageError, "check the disk"),
    ],
)
def test_a_disk_that_refuses_leaves_the_file_as_it_was(
    number: int, kind: type[Exception], said: str, tmp_path: Path
) -> None:
    (tmp_path / "o").write_text("before")

    def fail() -> None:
        with replacing(tmp_path / "o") as part:
            part.write_text("half")
            raise OSError(number, "why")

    with pytest.raises(kind, match=said):
        fail()

    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]
