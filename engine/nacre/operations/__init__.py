"""What is done to a whole vault: each takes its store and returns a report."""

from nacre.operations.describe import VaultInfo, describe
from nacre.operations.rebuild import RebuildReport, rebuild
from nacre.operations.report import Problem
from nacre.operations.snapshots import SnapshotReport, Snapshots
from nacre.operations.verify import VerifyReport, verify

__all__ = [
    "Problem",
    "RebuildReport",
    "SnapshotReport",
    "Snapshots",
    "VaultInfo",
    "VerifyReport",
    "describe",
    "rebuild",
    "verify",
]
