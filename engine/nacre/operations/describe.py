"""What a vault is and holds, without reading its payloads."""

from dataclasses import dataclass
from datetime import UTC, datetime

from nacre.blobs import index
from nacre.frames import FrameVersions
from nacre.store import Store
from nacre.views.catalogue import Build


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewInfo:
    """A view that the vault keeps."""

    name: str
    version: int
    position: int
    """How many commits it has seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultInfo:
    """A vault in a few figures."""

    path: str
    vault_id: str
    layout: str
    """directory or single file."""

    created: datetime
    head: int
    root: str
    last_commit: datetime | None
    frames: int
    packs: int
    size_bytes: int
    """What the files take on disk."""

    views: tuple[ViewInfo, ...]


def describe(store: Store) -> VaultInfo:
    """Return what a vault is and holds."""
    with store.environment.read() as transaction:
        checkpoint = store.checkpoint()
        entries = store.maintenance.catalogue(transaction).entries
        packs = index.committed_packs(transaction)
    last = next(store.commits(checkpoint.head - 1), None) if checkpoint.head else None
    return VaultInfo(
        path=str(store.layout.path),
        vault_id=store.identity.vault_id.hex(),
        layout="single file" if store.layout.is_single_file else "directory",
        created=datetime.fromtimestamp(store.identity.created_ns / 1e9, UTC),
        head=checkpoint.head,
        root=checkpoint.root.hex(),
        last_commit=last.header.time if last else None,
        frames=len(store.view(FrameVersions).names()),
        packs=len(packs),
        size_bytes=store.layout.environment.stat().st_size + sum(packs.values()),
        views=tuple(
            _view_info(name, entry.current, checkpoint.head)
            for name, entry in sorted(entries.items())
        ),
    )


def _view_info(name: str, build: Build, head: int) -> ViewInfo:
    position = head if build.position is None else min(build.position, head)
    return ViewInfo(name=name, version=build.version, position=position)
