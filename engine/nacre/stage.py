"""The events of one commit, recorded but not yet committed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from nacre import codec
from nacre.codec import Packer
from nacre.errors import InvalidInput, StateError, Unstorable
from nacre.event import Header, checked_kind, checked_name, event_fields, event_of
from nacre.views import View
from nacre.views.view import Apply, Names, OpenViews, apply_all

AnyView = TypeVar("AnyView", bound=View)

# Its views trust what these say.
_OWN_PREFIXES = ("nacre.", "frame.", "rows.")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """What a stage had recorded at a savepoint."""

    events: int
    named: int
    subjects: frozenset[str]
    kinds: tuple[str, ...]
    own_kinds: tuple[str, ...]
    is_whole: bool


class Stage:
    """The events of one commit, recorded but not yet committed. Views show them at once."""

    def __init__(
        self,
        header: Header,
        views: OpenViews,
        packer: Packer,
        nested: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._header = header
        self._views = views
        self._nested = nested
        self._applies: dict[str, list[Apply]] = {}
        self._own_applies: dict[str, list[Apply]] = {}
        self._subjects: set[str] = set()
        self._is_ended = False
        self._is_whole = True
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
        if self._is_ended:
            raise StateError("the transaction has ended: record inside the decision or the block")
        try:
            applies = self._applies[kind]
        except (KeyError, TypeError):
            applies = self._views.applies(_refuse_own(checked_kind(kind)))
        if type(subject) is not str or subject not in self._subjects:
            checked_name("subject", subject)
        if type(data) is not dict:
            data = _checked_data(kind, data)
        if version != 1:
            _check_version(kind, version)
        events = self.events
        event = event_of((kind, subject, data, version, len(events), self._header, None))
        try:
            events.append(self._pack(event_fields(kind, subject, data, version)))
        except Unstorable:
            self._forget_refused()
            codec.check_storable(data, "data")
            raise
        # Only now: a decision may go on without what was refused.
        self._applies[kind] = applies
        self._subjects.add(subject)
        self._is_whole = False
        apply_all(applies, event)
        self._is_whole = True

    def record_own(
        self, kind: str, *, subject: str, data: Mapping[str, object] | None = None
    ) -> None:
        """Record a fact of a kind that is the engine's own, which `record` refuses."""
        applies = self._own_applies.get(kind)
        self._applies[kind] = self._views.applies(kind) if applies is None else applies
        try:
            self.record(kind, subject=subject, data=data)
            self._own_applies[kind] = self._applies[kind]
        finally:
            del self._applies[kind]

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what a block recorded if it raises, events and views; the stage goes on."""
        if self._is_ended:
            raise StateError("the transaction has ended: set savepoints inside of it")
        mark = self._mark()
        try:
            with self._nested():
                yield
        except BaseException:
            self._undo(mark)
            raise

    def close(self) -> None:
        """Refuse to record more."""
        self._is_ended = True

    def end(self) -> None:
        """Let the views note what they note for a whole commit.

        Raises:
            StateError: a view raised while it applied an event, and the decision went on.
        """
        if not self._is_whole:
            raise StateError(
                "a view raised while it applied an event, so its rows are half changed: "
                "do not catch what `record` raises"
            )
        self._views.end_commit(
            self._header, Names(self._subjects, self._applies.keys() | self._own_applies.keys())
        )

    def _forget_refused(self) -> None:
        """Keep of the digests that were met while packing those of events that are recorded."""
        recorded = [codec.unpack(event) for event in self.events]
        self.named[:] = codec.digests_in(recorded)

    def view(self, view: type[AnyView]) -> AnyView:
        """Return a registered view as it is with the events recorded so far.

        Raises:
            StateError: it is not registered, or the transaction has ended.
        """
        if self._is_ended:
            raise StateError("the transaction has ended: read inside of it, or from the vault")
        opened = self._views.get(view.name)
        if not isinstance(opened, view):
            raise StateError(
                f"the view {view.name!r} is not registered: call vault.register({view.__name__})"
            )
        return opened

    def _mark(self) -> _Mark:
        return _Mark(
            events=len(self.events),
            named=len(self.named),
            subjects=frozenset(self._subjects),
            kinds=tuple(self._applies),
            own_kinds=tuple(self._own_applies),
            is_whole=self._is_whole,
        )

    def _undo(self, mark: _Mark) -> None:
        del self.events[mark.events :]
        del self.named[mark.named :]
        self._subjects = set(mark.subjects)
        self._is_whole = mark.is_whole
        self._views.reopen()
        self._applies = {kind: self._views.applies(kind) for kind in mark.kinds}
        self._own_applies = {kind: self._views.applies(kind) for kind in mark.own_kinds}


def _refuse_own(kind: str) -> str:
    if kind.startswith(_OWN_PREFIXES):
        raise InvalidInput(
            f"the kind {kind!r} is one of the engine's own, which only its nouns record: "
            "choose a kind that begins otherwise"
        )
    return kind


def _checked_data(kind: str, data: object) -> dict[str, object]:
    if data is not None:
        raise InvalidInput(f"the data of {kind!r} is a {type(data).__name__}: give a dict")
    return {}


def _check_version(kind: str, version: object) -> None:
    if type(version) is not int or version < 1:
        raise InvalidInput(f"the version of {kind!r} is {version!r}: count from 1")
