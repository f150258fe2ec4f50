"""Makes the frozen vaults of tests/fixtures: run once for each version of the format.

    python tests/make_fixtures.py tests/fixtures/format-1

What it puts in is checked by test_format.py, in this and every later version.
"""

import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

import nacre
from nacre.backups import DirectoryTarget, Secret
from nacre.operations.backup import backup, open_target

LARGE = random.Random(1).randbytes(5000)
KEY = Secret(key_file=b"k" * 32)
FRAME = pd.DataFrame({"flight": ["AA1", "UA7", None], "minutes": [11, 20, -3]})


def fill(vault: nacre.Vault) -> None:
    """Commit something of every kind."""
    vault.frames.write("delays", FRAME, message="as delivered")
    vault.frames.append("delays", FRAME)
    vault.record("nothing.said", subject="s")
    with vault.transaction(message="many", write_id="once") as tx:
        tx.record("photo.added", subject="p1", data={"image": tx.put(LARGE), "note": tx.put(b"n")})
        for number in range(300):
            tx.record("counted", subject=f"n{number}", data={"number": number, "half": number / 2})
    with TemporaryDirectory() as folder:
        (Path(folder) / "inner").mkdir()
        (Path(folder) / "inner" / "file.txt").write_text("content")
        tree = vault.put_tree(folder)
    vault.record("tree.added", subject="t", data={"tree": tree})


def main() -> None:
    place = Path(sys.argv[1])
    place.mkdir(parents=True)
    with nacre.open(place / "directory.vault", actor="ana") as vault:
        fill(vault)
    with nacre.open(place / "single.nacre", actor="ana", single_file=True) as vault:
        fill(vault)
    for name, secret in (("plain", None), ("encrypted", KEY)):
        target = open_target(DirectoryTarget(place / f"{name}.backups"), secret, create=True)
        with nacre.open(place / "directory.vault", read_only=True) as vault:
            backup(vault.store, target)
    for lock in place.rglob("*-lock"):
        lock.unlink()


if __name__ == "__main__":
    main()
