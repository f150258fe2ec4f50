"""sqlglot, which parses the SQL of users; or what to install."""

try:
    import sqlglot
    from sqlglot import TokenType, errors, exp
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "databases of tenants need sqlglot: pip install 'nacre[tenants]'", name="sqlglot"
    ) from error

__all__ = ["TokenType", "errors", "exp", "sqlglot"]
