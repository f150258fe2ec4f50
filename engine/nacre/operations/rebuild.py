"""Derive views again from commit 0, beside the live ones, then switch over."""

from collections.abc import Collection
from dataclasses import dataclass

from nacre.errors import InvalidInput, NotFound, ReadOnly
from nacre.operations.report import Progress, no_progress
from nacre.store import Store
from nacre.views.view import is_reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """Which views were derived again, from how many commits."""

    views: tuple[str, ...]
    commits: int


def rebuild(
    store: Store, names: Collection[str] | None = None, progress: Progress = no_progress
) -> RebuildReport:
    """Derive the named views again, or all whose code is installed.

    Readers and writers go on meanwhile. A rebuild that was killed is begun again. A view that
    newer code has derived is derived by the code that is installed, if it is named or the
    engine's own.

    Raises:
        NotFound: a name is no installed view.
        FormatError: none is named, and newer code has derived one.
        ReadOnly: the vault was opened read-only.
    """
    if store.read_only:
        raise ReadOnly(f"{store.layout.path} was opened read-only: open it for writing")
    if isinstance(names, str):
        raise InvalidInput(f"the names of views are given as the text {names!r}: give a list")
    installed = store.maintenance.views
    for name in names or ():
        if name not in installed:
            raise NotFound(f"no view {name!r} is installed: choose of {', '.join(installed)}")
    chosen = sorted(installed if names is None else names)
    if names is None:
        _refuse_newer(store)
    store.maintenance.rebuild(chosen, lambda done, total: progress("rebuild", done, total))
    return RebuildReport(views=tuple(chosen), commits=store.head)


def _refuse_newer(store: Store) -> None:
    with store.environment.read() as transaction:
        for name, view in store.maintenance.views.items():
            if not is_reserved(name):
                store.maintenance.build_of(view, transaction)
