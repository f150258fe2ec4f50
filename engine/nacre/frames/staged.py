"""The noun inside a transaction: several frames, and other events, in one commit."""

from nacre.blobs.protocol import Payloads
from nacre.event import checked_name
from nacre.frames.append import append_frame
from nacre.frames.describe import describe_frame
from nacre.frames.frames import Decision, facts_of, no_frame, record_deletion, record_version
from nacre.frames.view import FrameVersions
from nacre.frames.write import Frame, put_frame
from nacre.hashing import Digest


class StagedFrames:
    """Frames as a transaction changes them. Its payloads are stored while writers wait."""

    def __init__(self, payloads: Payloads, tx: Decision) -> None:
        self._payloads = payloads
        self._tx = tx

    def write(self, name: str, frame: Frame) -> int:
        """Store *frame* as the next version of *name*, and return its number."""
        checked_name("the name of a frame", name)
        latest = self._tx.view(FrameVersions).latest(name)
        digest = put_frame(self._payloads, frame, latest.frame if latest else None)
        return self.name(name, digest)

    def append(self, name: str, more: Frame) -> int:
        """Store the last version with the rows of *more* after its own as the next version."""
        view = self._tx.view(FrameVersions)
        latest = view.latest(name)
        if latest is None:
            raise no_frame(name, view.names())
        return self.name(name, append_frame(self._payloads, latest.frame, more))

    def name(self, name: str, digest: Digest) -> int:
        """Make a frame that `put_frame` has stored the next version of *name*."""
        checked_name("the name of a frame", name)
        facts = facts_of(describe_frame(self._payloads, digest))
        return record_version(self._tx, name, digest, facts)

    def delete(self, name: str) -> None:
        """End *name*; what it was stays readable by version and `as_of`."""
        record_deletion(self._tx, name)
