"""What `verify` says of a vault, and where its tree lies."""

from pathlib import Path

from accounts import Accounts

import nacre
from nacre.hashing import Digest
from nacre.operations import VerifyReport
from nacre.prefixes import TREE


def verify(path: Path) -> VerifyReport:
    with nacre.open(path, read_only=True) as vault:
        vault.register(Accounts)
        return vault.verify()


def said(report: VerifyReport) -> str:
    return "\n".join(map(str, report.problems))


def digest_of(path: Path, subject: str) -> Digest:
    with nacre.open(path, read_only=True) as vault:
        (event,) = vault.events(subject=subject)
        return event.data["content"]


def leaf_key(position: int, level: int = 0) -> bytes:
    return bytes([TREE, level]) + position.to_bytes(8, "big")
