"""Stage events, then commit them in the one safe order.

Guards I1, I5 and I6; the argument stands in `Committer._commit_together`.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import lmdb

from nacre.blobs import Blobs
from nacre.clock import now_ns
from nacre.codec import Packer
from nacre.environment import Environment, Transaction
from nacre.errors import InvalidInput, NotFound, StateError, StorageError
from nacre.event import (
    NO_PREVIOUS,
    Header,
    checked_kind,
    checked_name,
    decode_events,
    decode_header,
    encode_commit,
    event_fields,
    event_of,
)
from nacre.files import Files
from nacre.log import Log
from nacre.log.tree import LmdbTree
from nacre.queue import CommitQueue
from nacre.views import View
from nacre.views.history import History
from nacre.views.maintenance import Maintenance
from nacre.views.view import Router

AnyView = TypeVar("AnyView", bound=View)
Face = TypeVar("Face")

_WRITE_ID_BYTES = 16
# So short, and of letters and digits alone, a subject needs no closer look.
_PLAIN_LENGTH = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a commit returns: where it stands, and whether it survives a power cut."""

    position: int
    """The number of the commit; the head, when nothing was recorded."""

    events: int
    time_ns: int
    write_id: str | bytes
    durable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Who commits, why, and the id that makes a retry safe."""

    actor: str
    message: str
    write_id: str | None


@dataclass(frozen=True, slots=True)
class Tip:
    """What the next commit follows."""

    head: int
    leaf: bytes
    time_ns: int


class Stage:
    """The events of one commit, recorded but not yet committed. Views show them at once."""

    def __init__(
        self, header: Header, views: Mapping[str, View], router: Router, packer: Packer
    ) -> None:
        self._header = header
        self._views = views
        self._apply = router.apply
        self._end_commit = router.end_commit
        self._pack = packer.pack
        self.events: list[bytes] = []
        self.named = packer.named = []

    @property
    def position(self) -> int:
        """The number of this commit, which is the head before it."""
        return self._header.position

    @property
    def time_ns(self) -> int:
        """The time of this commit, nanoseconds since the epoch, UTC; never before the last."""
        return self._header.time_ns

    @property
    def header(self) -> Header:
        """The header of this commit."""
        return self._header

    def record(
        self,
        kind: str,
        *,
        subject: str,
        data: Mapping[str, object] | None = None,
        version: int = 1,
    ) -> None:
        """Record a fact: *kind* happened to *subject*.

        Raises:
            InvalidInput: a name is not allowed; the message says what is.
            Unstorable: *data* holds something that would not come back as it was.
        """
        checked_kind(kind)
        if type(subject) is not str or not subject.isalnum() or len(subject) > _PLAIN_LENGTH:
            checked_name("subject", subject)
        if type(data) is not dict:
            data = _checked_data(kind, data)
        if version != 1:
            _check_version(kind, version)
        events = self.events
        event = event_of((kind, subject, data, version, len(events), self._header, None))
        events.append(self._pack(event_fields(kind, subject, data, version)))
        self._apply(event)

    def end(self) -> None:
        """Let the views note what they note for a whole commit."""
        self._end_commit(self._header)

    def view(self, view: type[AnyView]) -> AnyView:
        """Return a registered view as it is with the events recorded so far.

        Raises:
            StateError: it is not registered.
        """
        opened = self._views.get(view.name)
        if not isinstance(opened, view):
            raise StateError(
                f"the view {view.name!r} is not registered: call vault.register({view.__name__})"
            )
        return opened


def _checked_data(kind: str, data: object) -> dict[str, object]:
    if data is not None:
        raise InvalidInput(f"the data of {kind!r} is a {type(data).__name__}: give a dict")
    return {}


def _check_version(kind: str, version: object) -> None:
    if type(version) is not int or version < 1:
        raise InvalidInput(f"the version of {kind!r} is {version!r}: count from 1")


class Request(Generic[Face]):
    """A decision to run, and what came of it."""

    __slots__ = ("context", "decide", "error", "receipt", "words")

    def __init__(self, decide: Callable[[Face], None], words: Words) -> None:
        self.decide = decide
        self.words = words
        self.context = copy_context()
        self.receipt: Receipt | None = None
        self.error: Exception | None = None


class Committer(Generic[Face]):
    """Runs decisions and commits what they record, one or many in one durable write."""

    def __init__(
        self,
        environment: Environment,
        log: Log,
        blobs: Blobs,
        maintenance: Maintenance,
        *,
        vault_id: bytes,
        durable: bool,
        files: Files,
        face: Callable[[Stage], Face],
    ) -> None:
        self._environment = environment
        self._log = log
        self._blobs = blobs
        self._maintenance = maintenance
        self._vault_id = vault_id
        self._durable = durable
        self._files = files
        self._face = face
        self._tip: Tip | None = None
        self._packer = Packer()
        self._queue: CommitQueue[Request[Face]] = CommitQueue(self._commit_together)
        self._incarnation = environment.incarnation

    def commit(self, decide: Callable[[Face], None], words: Words) -> Receipt:
        """Run *decide* under the writer lock and commit what it records.

        What it raises is raised here, and nothing is committed. It may run more than once.
        """
        self._check_not_inside()
        request = Request(decide, words)
        self._queue.run(request)
        if request.error is not None:
            raise request.error
        assert request.receipt is not None
        return request.receipt

    @contextmanager
    def transaction(self, words: Words) -> Iterator[Face]:
        """Hold the writer lock for a block, and commit what it records unless it raises."""
        self._check_not_inside()
        with self._queue.turn:
            self._environment.make_room()
            try:
                with self._environment.write(self._files) as transaction:
                    self._maintenance.prepare(transaction, self._log.head())
                    tip = self._tip_at(transaction)
                    stage = self._stage(words, tip, transaction)
                    if self._earlier(words, stage) is not None:
                        raise StateError(
                            f"the write id {words.write_id!r} was committed before: "
                            "a transaction cannot be repeated, a decision can"
                        )
                    yield self._face(stage)
                    _, tip = self._append(stage, tip, transaction)
                    self._publish()
            except lmdb.MapFullError as error:
                self._environment.grow()
                raise StorageError(
                    "the map was full and has been grown: run the transaction again"
                ) from error
            self._settle(tip)

    def close(self) -> None:
        """End the writer thread, if one was started."""
        if self._incarnation == self._environment.incarnation:
            self._queue.close()

    def _commit_together(self, requests: Sequence[Request[Face]]) -> None:
        """Commit what the decisions record: one entry each, one durable write for all.

        The order is the whole crash-safety argument.
        """
        # 1. Payload bytes are made durable first, outside the writer lock. No event may name a
        #    blob that a crash can lose. Dying here leaves bytes in a pack that no row names.
        if self._blobs.has_unpublished:
            self._blobs.sync()

        # 2. Decisions run, and their events, the views, the rows of the blob index and the tree
        #    go into one LMDB transaction. Dying anywhere inside leaves none of it.
        tip = self._environment.run(self._files, partial(self._write, requests))

        # 3. Leaving `run` was the commit point: all of it is durable, or none of it is there.
        #    What follows is only memory.
        self._settle(tip)

    def _write(self, requests: Sequence[Request[Face]], transaction: Transaction) -> Tip:
        """Write the entries of *requests*, and all that follows from them."""
        self._maintenance.prepare(transaction, self._log.head())
        tip = self._tip_at(transaction)
        if len(requests) == 1:
            requests[0].receipt, tip = self._run(requests[0], tip, transaction)
        else:
            for request in requests:
                tip = self._run_apart(request, tip)
        self._publish()
        return tip

    def _run_apart(self, request: Request[Face], tip: Tip) -> Tip:
        """Run one of several decisions, so that one that raises undoes only itself."""
        request.receipt = request.error = None
        try:
            with self._environment.nested() as transaction:
                run = partial(self._run, request, tip, transaction)
                request.receipt, tip = request.context.run(run)
        except (lmdb.Error, StorageError):
            raise  # concerns all of them
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
            request.error = error
        return tip

    def _run(
        self, request: Request[Face], tip: Tip, transaction: Transaction
    ) -> tuple[Receipt, Tip]:
        stage = self._stage(request.words, tip, transaction)
        earlier = self._earlier(request.words, stage)
        if earlier is not None:
            return earlier, tip
        request.decide(self._face(stage))
        return self._append(stage, tip, transaction)

    def _stage(self, words: Words, tip: Tip, transaction: Transaction) -> Stage:
        header = Header(
            vault_id=self._vault_id,
            position=tip.head,
            # The clock may be set back; the times in a log never go back.
            time_ns=max(now_ns(), tip.time_ns),
            actor=words.actor,
            message=words.message,
            write_id=words.write_id or os.urandom(_WRITE_ID_BYTES),
            previous=tip.leaf,
        )
        views = self._maintenance.open_live(transaction)
        router = Router(views.values(), self._maintenance.upcasts)
        return Stage(header, views, router, self._packer)

    def _earlier(self, words: Words, stage: Stage) -> Receipt | None:
        """Return the receipt of the commit that carries the same write id, if there is one."""
        if words.write_id is None:
            return None
        position = stage.view(History).position_of(words.write_id)
        if position is None:
            return None
        entry = next(self._log.read(position, position + 1))
        return self._receipt(decode_header(entry), events=len(decode_events(entry)))

    def _append(self, stage: Stage, tip: Tip, transaction: Transaction) -> tuple[Receipt, Tip]:
        receipt = self._receipt(stage.header, events=len(stage.events))
        if not stage.events:
            return receipt, tip
        for digest in stage.named:
            if not self._blobs.has_blob(digest):
                raise NotFound(f"an event names the blob {digest}, which was not put: put it first")
        stage.end()
        encoded = encode_commit(stage.header, stage.events)
        self._log.append(encoded.entry, expect=tip.head)
        LmdbTree(transaction).extend(tip.head, encoded.leaf)
        return receipt, Tip(tip.head + 1, encoded.leaf, stage.time_ns)

    def _publish(self) -> None:
        if self._blobs.has_unpublished:
            # Again: a decision may have put more, and no event may name what is not durable.
            self._blobs.sync()
            self._blobs.publish()

    def _settle(self, tip: Tip) -> None:
        self._tip = tip
        self._blobs.forget_published()
        if self._durable and self._environment.relaxed:
            self._environment.sync()

    def _tip_at(self, transaction: Transaction) -> Tip:
        head = self._log.head()
        if self._tip is not None and self._tip.head == head:
            return self._tip
        if head == 0:
            return Tip(0, NO_PREVIOUS, 0)
        header = decode_header(next(self._log.read(head - 1)))
        return Tip(head, LmdbTree(transaction).leaf(head - 1), header.time_ns)

    def _receipt(self, header: Header, *, events: int) -> Receipt:
        return Receipt(
            position=header.position,
            events=events,
            time_ns=header.time_ns,
            write_id=header.write_id,
            durable=self._durable,
        )

    def _check_not_inside(self) -> None:
        if self._environment.incarnation != self._incarnation:
            self._incarnation = self._environment.incarnation
            self._queue.reset()
            self._tip = None
        if self._environment.transaction is not None:
            raise StateError(
                "this thread is already inside a transaction or a read of the vault: "
                "record through that transaction, or leave it first"
            )
