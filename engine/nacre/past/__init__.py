"""Views as they were: derived once for a position, kept in a cache and in snapshots."""

from nacre.past.snapshots import Snapshot, SnapshotContent, SnapshotsView, StoredView
from nacre.past.views import PastViews

__all__ = ["PastViews", "Snapshot", "SnapshotContent", "SnapshotsView", "StoredView"]
