"""What is done to a whole vault: each takes its store and returns a report."""

from nacre.operations.backup import BackupReport, backup, open_target
from nacre.operations.backups import BackupInfo, TargetInfo, list_backups
from nacre.operations.choose import Choice, plan_restore
from nacre.operations.compact import CompactReport
from nacre.operations.copying import copy_file, shrink
from nacre.operations.describe import VaultInfo, describe
from nacre.operations.diff import DiffReport, SubjectDiff, diff, history
from nacre.operations.keys import KeyFiles, make_key, read_key
from nacre.operations.prove import (
    ConsistencyProof,
    InclusionProof,
    checkpoint_at,
    prove_consistency,
    prove_inclusion,
)
from nacre.operations.rebuild import RebuildReport, rebuild
from nacre.operations.replay import ReplayReport, replay
from nacre.operations.report import Problem
from nacre.operations.restore import RestoreOptions, RestoreReport, restore
from nacre.operations.snapshots import SnapshotReport, Snapshots
from nacre.operations.verify import (
    VerifyReport,
    verify,
    verify_sample,
    verify_structure,
    verify_within,
)

__all__ = [
    "CompactReport",
    "copy_file",
    "shrink",
    "DiffReport",
    "SubjectDiff",
    "diff",
    "history",
    "ConsistencyProof",
    "InclusionProof",
    "KeyFiles",
    "BackupInfo",
    "BackupReport",
    "Choice",
    "RestoreOptions",
    "RestoreReport",
    "TargetInfo",
    "backup",
    "list_backups",
    "open_target",
    "plan_restore",
    "restore",
    "Problem",
    "RebuildReport",
    "ReplayReport",
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
    "replay",
    "verify",
    "verify_sample",
    "verify_structure",
    "verify_within",
]
