"""A small vault of everything, for tests that damage copies of it."""

import random
from pathlib import Path

import pandas as pd
from accounts import Accounts, deposit

import nacre
from nacre.prefixes import LOG

PACKED = random.Random(1).randbytes(4200)  # too large for a row of the index
FLIGHTS = pd.DataFrame({"delay": range(600), "carrier": ["ua", "aa", "b6"] * 200})


def make_pristine(folder: Path) -> Path:
    """Return the path of a new vault: a frame, a packed and a small blob, a file tree, a view."""
    (folder / "tree").mkdir()
    (folder / "tree" / "notes.txt").write_text("notes")
    with nacre.open(folder / "v", actor="ana") as vault:
        vault.register(Accounts)
        deposit(vault, "ana", 10)
        vault.frames.write("flights", FLIGHTS)
        for subject, digest in {
            "photo": vault.put(PACKED),
            "thumbnail": vault.put(b"small"),
            "folder": vault.put_tree(folder / "tree"),
        }.items():
            vault.record("file.added", subject=subject, data={"content": digest})
        deposit(vault, "bo", 5)
    return folder / "v"


def pack_of(path: Path) -> Path:
    (pack,) = (path / "packs").glob("*.pack")
    return pack


def entry_key(position: int) -> bytes:
    return bytes([LOG]) + position.to_bytes(8, "big")


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :]
