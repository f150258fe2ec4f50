"""Stage events, then commit them in the one safe order.

Guards I1, I5 and I6; the argument stands in `Committer._commit_together`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from inspect import iscoroutine, isgenerator
from typing import Generic, TypeVar

import lmdb

from nacre.blobs import Blobs
from nacre.clock import now_ns
from nacre.codec import Packer
from nacre.environment import Environment
from nacre.errors import InvalidInput, NotFound, StateError, StorageError
from nacre.event import (
    NO_PREVIOUS,
    Header,
    decode_events,
    decode_header,
    encode_commit,
)
from nacre.files import Files
from nacre.hashing import Digest
from nacre.lmdb_handle import Transaction
from nacre.log import Log
from nacre.log.tree import LmdbTree
from nacre.queue import CommitQueue
from nacre.stage import Receipt, Stage, Tip, Words
from nacre.views import View
from nacre.views.history import History
from nacre.views.maintenance import Maintenance
from nacre.views.view import OpenViews

AnyView = TypeVar("AnyView", bound=View)
Face = TypeVar("Face")

_WRITE_ID_BYTES = 16
# So short, and of letters and digits alone, a subject needs no closer look.
_PLAIN_LENGTH = 63


class _Spoiled(Exception):
    """One of several decisions raised after it had recorded: all must run again, apart."""


class Request(Generic[Face]):
    """A decision to run, and what came of it."""

    __slots__ = ("context", "decide", "error", "receipt", "stage", "words")

    def __init__(self, decide: Callable[[Face], object], words: Words) -> None:
        self.decide = decide
        self.words = words
        self.context = copy_context()
        self.receipt: Receipt | None = None
        self.stage: Stage | None = None
        self.error: BaseException | None = None


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
        self._named: list[Digest] = []  # by the events of the transaction that is open
        self._packer = Packer()
        self._queue: CommitQueue[Request[Face]] = CommitQueue(self._commit_together)
        self._incarnation = environment.incarnation

    def commit(self, decide: Callable[[Face], object], words: Words) -> Receipt:
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

    def commit_each(
        self, decisions: Sequence[Callable[[Face], object]], words: Words
    ) -> list[Receipt | Exception]:
        """Commit what each of some decisions records, in as few durable writes as may be.

        Return for each its receipt, or what it raised, or what kept it from being committed.
        """
        self._check_not_inside()
        requests = [Request(decide, words) for decide in decisions]
        if not requests:
            return []
        try:
            errors = self._queue.run_each(requests)
        except Exception as error:  # noqa: BLE001 - returned for each
            return [error] * len(requests)
        return [_outcome(*each) for each in zip(requests, errors, strict=True)]

    @contextmanager
    def transaction(self, words: Words) -> Iterator[Face]:
        """Hold the writer lock for a block, and commit what it records unless it raises."""
        self._check_not_inside()
        with self._queue.turn:
            self._environment.make_room()
            try:
                with self._environment.write(self._files) as transaction:
                    head = self._log.head()
                    self._named = []
                    self._maintenance.prepare(transaction, head)
                    tip = self._tip_at(head, transaction)
                    stage = self._stage(words, tip, self._maintenance.open_live(transaction))
                    if self._earlier(words, stage) is not None:
                        raise StateError(
                            f"the write id {words.write_id!r} was committed before: "
                            "a transaction cannot be repeated, a decision can"
                        )
                    try:
                        yield self._face(stage)
                    finally:
                        stage.close()
                    _, tip = self._append(stage, tip)
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
        try:
            tip = self._environment.run(self._files, partial(self._write, requests, apart=False))
        except _Spoiled:
            # All of it was undone. Savepoints cost time, so they are only taken now.
            tip = self._environment.run(self._files, partial(self._write, requests, apart=True))

        # 3. Leaving `run` was the commit point: all of it is durable, or none of it is there.
        #    What follows is only memory.
        self._settle(tip)

    def _write(
        self, requests: Sequence[Request[Face]], transaction: Transaction, *, apart: bool
    ) -> Tip:
        """Write the entries of *requests*, and all that follows from them."""
        head = self._log.head()
        self._named = []
        self._maintenance.prepare(transaction, head)
        tip = self._tip_at(head, transaction)
        views = self._maintenance.open_live(transaction)
        if len(requests) == 1:
            requests[0].receipt, tip = self._run(requests[0], tip, views)
        else:
            run = self._run_apart if apart else self._run_among
            for request in requests:
                tip = run(request, tip, views)
        self._publish()
        return tip

    def _run_among(self, request: Request[Face], tip: Tip, views: OpenViews) -> Tip:
        """Run one of several decisions; raise _Spoiled if it raises after it has recorded."""
        request.receipt = request.error = None
        try:
            request.receipt, tip = request.context.run(self._run, request, tip, views)
        except lmdb.Error:
            raise  # concerns all of them
        except BaseException as error:
            if request.stage is not None and request.stage.events:
                raise _Spoiled from error
            request.error = error
        return tip

    def _run_apart(self, request: Request[Face], tip: Tip, _: OpenViews) -> Tip:
        """Run one of several decisions, so that one that raises undoes only itself."""
        request.receipt = request.error = None
        try:
            with self._environment.nested() as transaction:
                views = self._maintenance.open_live(transaction)
                request.receipt, tip = request.context.run(self._run, request, tip, views)
        except lmdb.Error:
            raise  # concerns all of them
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            request.error = error
        return tip

    def _run(self, request: Request[Face], tip: Tip, views: OpenViews) -> tuple[Receipt, Tip]:
        request.stage = stage = self._stage(request.words, tip, views)
        earlier = self._earlier(request.words, stage)
        if earlier is not None:
            return earlier, tip
        try:
            _check_has_run(request.decide(self._face(stage)))
        finally:
            stage.close()
        return self._append(stage, tip)

    def _stage(self, words: Words, tip: Tip, views: OpenViews) -> Stage:
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
        return Stage(header, views, self._packer, partial(self._nested, views))

    @contextmanager
    def _nested(self, views: OpenViews) -> Iterator[None]:
        """Keep what is written in a block apart, and undo it if the block raises."""
        outer = self._environment.transaction
        if outer is None or not self._environment.is_writing:
            raise StateError("this thread is not in the transaction: set savepoints where it began")
        try:
            with self._environment.nested() as inner:
                views.move(inner)
                yield
        finally:
            views.move(outer)

    def _earlier(self, words: Words, stage: Stage) -> Receipt | None:
        """Return the receipt of the commit that carries the same write id, if there is one."""
        if words.write_id is None:
            return None
        position = stage.view(History).position_of(words.write_id)
        if position is None:
            return None
        entry = next(self._log.read(position, position + 1))
        return self._receipt(decode_header(entry), events=len(decode_events(entry)))

    def _append(self, stage: Stage, tip: Tip) -> tuple[Receipt, Tip]:
        if not self._environment.is_writing:
            raise StateError(
                "the process forked inside this transaction, which is its parent's: "
                "leave the child with os._exit, or fork outside"
            )
        receipt = self._receipt(stage.header, events=len(stage.events))
        if not stage.events:
            return receipt, tip
        for digest in stage.named:
            if not self._blobs.keep_blob(digest):
                raise NotFound(f"an event names the blob {digest}, which was not put: put it first")
        self._named += stage.named
        stage.end()
        encoded = encode_commit(stage.header, stage.events)
        self._log.append(encoded.entry, expect=tip.head)
        transaction = self._environment.transaction
        assert transaction is not None
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
        self._blobs.let_go(self._named)
        if self._durable and self._environment.relaxed:
            self._environment.sync()

    def _tip_at(self, head: int, transaction: Transaction) -> Tip:
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


def _outcome(request: Request[Face], error: BaseException | None) -> Receipt | Exception:
    error = request.error if error is None else error
    if error is None:
        assert request.receipt is not None
        return request.receipt
    if not isinstance(error, Exception):
        raise error
    return error


def _check_has_run(returned: object) -> None:
    """Refuse what an `async def` or a function with a `yield` returns: none of it has run."""
    if iscoroutine(returned) or isgenerator(returned):
        returned.close()
        raise InvalidInput(
            f"the decision is a {type(returned).__name__}, of which nothing has run: "
            "give a function without `async` and `yield`"
        )
