"""A stored connection as its user sees it: like a dict, with secrets that are read when asked for.

Nothing that shows it shows a secret: neither its repr, nor its JSON, nor a traceback's locals.
"""

from collections.abc import Callable, Iterator, Mapping

from nacre_adapters.flowstore.connections.kinds import ConnectionType
from nacre_adapters.flowstore.secrecy import MASK


class Secret:
    """Text that is not shown; `reveal` returns it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


class Connection(Mapping[str, object]):
    """Fields by name. A secret is decrypted when it is read, `connection["password"]`."""

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 - what it is called
        name: str,
        owner: str,
        type: ConnectionType,  # noqa: A002 - as above
        is_shared: bool,
        fields: Mapping[str, object],
        secrets: Mapping[str, str],
        reveal: Callable[[str, str], str],
    ) -> None:
        self.id = id
        self.name = name
        self.owner = owner
        self.type = type
        self.is_shared = is_shared
        self._fields = dict(fields)
        self._secrets = dict(secrets)
        self._reveal = reveal

    @property
    def secret_names(self) -> list[str]:
        """The fields that are secret."""
        return sorted(self._secrets)

    def __getitem__(self, field: str) -> object:
        if field in self._secrets:
            return self._reveal(field, self._secrets[field])
        return self._fields[field]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._fields, *self._secrets])

    def __len__(self) -> int:
        return len(self._fields) + len(self._secrets)

    def to_json(self) -> dict[str, object]:
        """Return what may be shown: every secret is masked."""
        shown = {**self._fields, **dict.fromkeys(self._secrets, MASK)}
        about = {"id": self.id, "name": self.name, "owner": self.owner, "type": self.type.value}
        return {**about, "is_shared": self.is_shared, "fields": shown}

    def __repr__(self) -> str:
        about = ", ".join(f"{name}={value!r}" for name, value in self.to_json().items())
        return f"Connection({about})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Connection) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.id)

    def __reduce__(self) -> str:
        raise TypeError("a connection is not pickled: it can read secrets")
