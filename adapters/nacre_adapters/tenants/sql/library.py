"""sqlglot, which parses the SQL of users; or what to install."""

from nacre.errors import PackageMissing

try:
    import sqlglot
    from sqlglot import TokenType, errors, exp
except ModuleNotFoundError as error:
    raise PackageMissing(
        "databases of tenants need sqlglot: pip install 'nacre[tenants]'"
    ) from error

__all__ = ["TokenType", "errors", "exp", "sqlglot"]
