"""Trees of files that were put one by one."""

from pathlib import Path, PurePosixPath

import pytest

import nacre
from nacre.errors import InvalidInput
from nacre.trees import put_entries, tree_entries


def test_entries_make_a_tree_with_the_folders_that_they_need(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        content = vault.put(b"a picture")

        digest = put_entries(vault, [(PurePosixPath("a/b/c.png"), 0o100644, content)])

        vault.record("tree.kept", subject="x", data={"tree": digest})
        vault.get_tree(digest, tmp_path / "out")
        assert (tmp_path / "out/a/b/c.png").read_bytes() == b"a picture"
        paths = [str(path) for path, _, _ in tree_entries(vault, digest)]
        assert paths == ["a", "a/b", "a/b/c.png"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", ""])
def test_a_path_that_leads_out_of_a_tree_is_refused(path: str, tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        with pytest.raises(InvalidInput, match="no path inside a tree"):
            put_entries(vault, [(PurePosixPath(path), 0o100644, vault.put(b""))])
