"""The SELECT that an expression is put into for the parser to read; nothing else is let in."""

from nacre_adapters.tenants.errors import BadExpression, Unsupported
from nacre_adapters.tenants.sql.grammar import name_of, note_text
from nacre_adapters.tenants.sql.library import errors, exp, sqlglot
from nacre_adapters.tenants.sql.places import with_names

_MOST_CHARACTERS = 100_000


def check_text(what: str, text: object) -> None:
    """Refuse what is no text, or too long.

    Raises:
        BadExpression: it is.
    """
    if not isinstance(text, str):
        raise BadExpression(f"{what} is a {type(text).__name__}: give a text of SQL")
    if len(text) > _MOST_CHARACTERS:
        raise BadExpression(f"{what} has {len(text)} characters: {_MOST_CHARACTERS} are allowed")


def select_around(what: str, before: str, text: str, behind: str = "") -> tuple[exp.Select, int]:
    """Return the parsed SELECT around a text, and how many ? the text has.

    Raises:
        BadExpression: it is no SQL.
        Unsupported: it is several statements, or something else than a SELECT.
    """
    try:
        named, positional = with_names(what, text)
        sql = f"{before}{named}\n{behind}"
        found = sqlglot.parse(sql, dialect="sqlite")
    except (errors.ParseError, errors.TokenError) as error:
        raise BadExpression(f"{what} is not understood: {text[:200]!r}") from error
    except RecursionError:
        raise BadExpression(f"{what} is nested too deep: flatten it") from None
    if len(found) != 1:
        raise Unsupported(f"{what} holds several statements, of which none is run: {text[:200]!r}")
    select = found[0]
    note_text(select, sql)
    if not isinstance(select, exp.Select):
        name = "an empty text" if select is None else name_of(select)
        raise Unsupported(f"{name} is not supported in {what}: {text[:200]!r}")
    return select, positional


def check_only(select: exp.Select, allowed: str, clause: str) -> None:
    """Refuse a SELECT with another clause than the one that was asked for.

    Raises:
        Unsupported: it has; names it.
    """
    for key, value in select.args.items():
        if value and key not in ("expressions", "from_", "from", "kind", allowed):
            name = key.rstrip("_").replace("_", " ").upper()
            name = {"ORDER": "ORDER BY", "GROUP": "GROUP BY", "JOINS": "a join"}.get(name, name)
            raise Unsupported(
                f"{name} is not supported behind {clause}: there are where=, order_by=, limit=, "
                "offset= and select="
            )
    table = (select.args.get("from_") or select.args["from"]).this
    if any(value for key, value in table.args.items() if key != "this"):
        raise BadExpression(f"what stands behind {clause} is not understood")
