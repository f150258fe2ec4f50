"""An asset: an object with a label, that outlives the flow that saved it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Self

from nacre.errors import InvalidInput
from nacre_adapters.flowstore.assets.types import AssetType, asset_type, iso_of, new_id
from nacre_adapters.flowstore.codecs.classes import name_of

Load = Callable[[str | None], object]
"""Reads a value; given "pickle" it may be a pickle."""

Anything = object
"""What `object` means outside of a class that has a property of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Where an asset stands in the store; of an asset that was never saved there is none."""

    owner: str
    created_us: int
    revision: int
    time_us: int
    """When this revision was saved."""

    version: object
    size_bytes: int
    identity: str
    """Equal for equal objects."""

    py_type: str
    origin: tuple[str | None, str | None, int | None]
    """Flow, step and attempt that saved it."""

    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


class Asset:
    """An object, what it is called, and what people noted about it.

    Assets that a store returns are lazy: the object is read when somebody asks for it.
    """

    class_name: ClassVar[str] = "asset"

    def __init__(  # noqa: PLR0917 - the interface has them in this order
        self,
        object: Anything,  # noqa: A002 - as above
        label: str,
        type: AssetType | str,  # noqa: A002 - as above
        metadata: Mapping[str, Anything] | None = None,
        name: str | None = None,
        description: str | None = None,
        version: Anything = None,
        **kwargs: Anything,
    ) -> None:
        """Make an asset that is not saved yet; it has its id already, so it can be linked.

        More keywords, such as `data_classification`, go into `details`.

        Raises:
            InvalidInput: the label is no text, or empty; or there is no such type.
        """
        if not isinstance(label, str) or not label:
            raise InvalidInput(f"the label of an asset is {label!r:.60}: give a text")
        self._object: Anything = object
        self._load: Load | None = None
        self._about: dict[str, Anything] | None = {
            "metadata": dict(metadata or {}),
            "user_notes": {},
            "engineer_notes": {},
            "details": kwargs,
        }
        self._load_about: Load | None = None
        self.label = label
        self.type = asset_type(type)
        self.name = name
        self.description = description
        self.version = version
        self.id = new_id()
        self.linked_asset_objects: dict[str, str] = {}
        self.time_to_live: timedelta | None = None
        self.saved: Saved | None = None

    # The object

    @property
    def object(self) -> object:
        """What the asset is about; read from the store at the first time."""
        if self._load is not None:
            return self.get_object()
        return self._object

    @object.setter  # noqa: A003 - as above
    def object(self, value: Anything) -> None:
        self._object, self._load = value, None

    def get_object(self, *, trust: str | None = None) -> Anything:
        """Return the object; with trust="pickle" also one that was pickled here.

        Raises:
            NotTrusted: it was pickled, and nobody said that it may be loaded.
            Dropped: this revision was retired.
        """
        if self._load is not None:
            self._object, self._load = self._load(trust), None
        return self._object

    # What the store knows of it

    @property
    def time_created(self) -> str | None:
        """When it was saved first, ISO-8601 in UTC; None before."""
        return None if self.saved is None else iso_of(self.saved.created_us)

    @property
    def owner(self) -> str | None:
        """Who saved it first; None before."""
        return None if self.saved is None else self.saved.owner

    @property
    def revision(self) -> int | None:
        """Which revision this is, from 0; None before it is saved."""
        return None if self.saved is None else self.saved.revision

    # What people say about it

    @property
    def metadata(self) -> dict[str, Anything]:
        """Facts of your own; saved with the asset."""
        return self._part("metadata")

    @metadata.setter
    def metadata(self, value: Mapping[str, Anything]) -> None:
        self.about()["metadata"] = dict(value)

    @property
    def user_notes(self) -> dict[str, Anything]:
        """Notes of users; saved with the asset."""
        return self._part("user_notes")

    @property
    def engineer_notes(self) -> dict[str, Anything]:
        """Notes of engineers; saved with the asset."""
        return self._part("engineer_notes")

    @property
    def details(self) -> dict[str, Anything]:
        """What else the constructor was given."""
        return self._part("details")

    def set_description(self, description: str) -> None:
        """Describe it; saved with the asset."""
        self.description = description

    def set_time_to_live(self, time_to_live: timedelta | float | None) -> None:
        """Let it expire so long after it is saved: a timedelta, or seconds; None is never.

        Raises:
            InvalidInput: it is no positive time.
        """
        if time_to_live is not None and not isinstance(time_to_live, timedelta):
            time_to_live = timedelta(seconds=time_to_live)
        if time_to_live is not None and time_to_live <= timedelta(0):
            raise InvalidInput(f"a time to live of {time_to_live} is over: give a positive one")
        self.time_to_live = time_to_live

    def link_asset(self, label: str, asset: "Asset") -> None:
        """Link another asset under a label; the link is saved with this one."""
        self.linked_asset_objects[label] = asset.id

    def add_notes(self, dict_type: str, key: str | None, notes: Anything) -> None:
        """Add a note to the notes of "user" or "engineer": under a key, or to a list.

        Raises:
            InvalidInput: there are no such notes.
        """
        name = dict_type if dict_type.endswith("_notes") else f"{dict_type}_notes"
        if name not in ("user_notes", "engineer_notes"):
            raise InvalidInput(f"there are no notes {dict_type!r}: choose of user, engineer")
        found = self._part(name)
        if key is not None:
            found[key] = notes
            return
        log = found.setdefault("log", [])
        assert isinstance(log, list)
        log.append(notes)

    def add_user_notes(self, notes: Anything, key: str | None = None) -> None:
        """Add a note of a user: under a key, or to the log of notes."""
        self.add_notes("user", key, notes)

    def add_engineer_notes(self, notes: Anything, key: str | None = None) -> None:
        """Add a note of an engineer: under a key, or to the log of notes."""
        self.add_notes("engineer", key, notes)

    # How it is kept

    def about(self) -> dict[str, Anything]:
        """Return everything that is saved beside the object; changing it changes the asset."""
        if self._about is None:
            loaded = None if self._load_about is None else self._load_about(None)
            self._about = loaded if isinstance(loaded, dict) else {}
        return self._about

    @classmethod
    def of_store(  # noqa: PLR0913 - each is another part of what is stored
        cls,
        *,
        asset: str,
        label: str,
        type_: AssetType,
        name: str | None,
        description: str | None,
        links: Mapping[str, str],
        load: Load,
        load_about: Load,
        saved: Saved,
    ) -> Self:
        """Return a lazy asset, as it was saved."""
        made = cls.__new__(cls)
        made._object, made._load = None, load
        made._about, made._load_about = None, load_about
        made.id, made.label, made.type = asset, label, type_
        made.name, made.description, made.version = name, description, saved.version
        made.linked_asset_objects = dict(links)
        made.time_to_live = None
        made.saved = saved
        return made

    def _part(self, name: str) -> dict[str, Anything]:
        found = self.about().setdefault(name, {})
        assert isinstance(found, dict)
        return found

    def __eq__(self, other: Anything) -> bool:
        """Tell whether all that is said of both is the same, and their objects are of a type."""
        if not isinstance(other, Asset):
            return NotImplemented
        return self._said() == other._said()

    def _said(self) -> tuple[Anything, ...]:
        lazy = self.saved if self._load is not None else None
        kind = name_of(type(self.object)) if lazy is None else lazy.py_type
        version = self.saved.version if self.version is None and self.saved else self.version
        said = (self.id, self.label, self.type, self.name, self.description, version)
        return (*said, self.metadata, self.linked_asset_objects, kind)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r:.80}"
        return f"{type(self).__name__}({self.label!r:.80}, {self.type.value}{name}, id={self.id!r})"
