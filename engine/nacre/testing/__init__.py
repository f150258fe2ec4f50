"""Contract suites and crash doubles, shipped for authors of backends.

Nothing in nacre imports this package. It needs the extra `nacre[test]`.
"""

from nacre.testing.blobs_contract import BlobsContract
from nacre.testing.faults import (
    MOMENTS,
    FailingFiles,
    KillingFiles,
    Moment,
    PowerLossFiles,
    PowerLostError,
    TracingFiles,
)
from nacre.testing.log_contract import LogContract
from nacre.testing.target_contract import TargetContract

__all__ = [
    "MOMENTS",
    "BlobsContract",
    "FailingFiles",
    "KillingFiles",
    "LogContract",
    "Moment",
    "PowerLossFiles",
    "PowerLostError",
    "TargetContract",
    "TracingFiles",
]
