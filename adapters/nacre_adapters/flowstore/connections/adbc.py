"""Reading through ADBC where its driver is installed: whole columns, not rows of Python objects.

Only for who asks for Arrow's types, so that no frame has other types because a driver is there.
"""

from contextlib import closing
from importlib import import_module
from types import ModuleType

import pandas as pd
import sqlalchemy as sa

_DRIVERS = {"sqlite": "adbc_driver_sqlite.dbapi", "postgresql": "adbc_driver_postgresql.dbapi"}
_FORBID_WRITING = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET TRANSACTION READ ONLY",
}


def read_arrow(url: sa.URL, query: str) -> pd.DataFrame | None:
    """Return what *query* selects, or None: there is no driver, or it did not work.

    What did not work is tried again in the usual way, which tells why without a secret.
    """
    backend = url.get_backend_name()
    driver, uri = _driver(backend), _uri(url, backend)
    if driver is None or uri is None:
        return None
    try:
        with closing(driver.connect(uri)) as opened:
            with closing(opened.cursor()) as cursor:
                cursor.execute(_FORBID_WRITING[backend])
            frame: pd.DataFrame = pd.read_sql_query(query, opened, dtype_backend="pyarrow")
            return frame
    except (driver.Error, pd.errors.DatabaseError, OSError, ValueError, TypeError):
        return None


def _driver(backend: str) -> ModuleType | None:
    if backend not in _DRIVERS:
        return None
    try:
        return import_module(_DRIVERS[backend])
    except ImportError:
        return None


def _uri(url: sa.URL, backend: str) -> str | None:
    if backend == "sqlite":
        is_file = url.database and not url.database.startswith((":", "file:")) and not url.query
        return url.database if is_file else None
    return url.set(drivername=backend).render_as_string(hide_password=False)
