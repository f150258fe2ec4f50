"""Names of tables, indexes and columns as users give them."""


def plain_name(name: str) -> str:
    """Return a name as a plain text, also of a member of an enum; what is no text, as it is.

    A text of another class is equal to it, and would stand for it where names are looked up.
    """
    return str.__str__(name) if isinstance(name, str) else name


def pk_of(pk: object) -> tuple[str, ...]:
    """Return the names of a primary key; none for what names none."""
    names = (pk,) if isinstance(pk, str) else pk
    if not isinstance(names, tuple | list) or not all(isinstance(name, str) for name in names):
        return ()
    return tuple(names)
