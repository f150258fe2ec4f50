"""What is done to a whole vault: each takes its store and returns a report."""

from nacre.operations.describe import VaultInfo, describe
from nacre.operations.keys import KeyFiles, make_key, read_key
from nacre.operations.prove import (
    ConsistencyProof,
    InclusionProof,
    checkpoint_at,
    prove_consistency,
    prove_inclusion,
)
from nacre.operations.rebuild import RebuildReport, rebuild
from nacre.operations.report import Problem
from nacre.operations.snapshots import SnapshotReport, Snapshots
from nacre.operations.verify import VerifyReport, verify

__all__ = [
    "ConsistencyProof",
    "InclusionProof",
    "KeyFiles",
    "Problem",
    "RebuildReport",
    "SnapshotReport",
    "Snapshots",
    "VaultInfo",
    "VerifyReport",
    "checkpoint_at",
    "describe",
    "make_key",
    "prove_consistency",
    "prove_inclusion",
    "read_key",
    "rebuild",
    "verify",
]
