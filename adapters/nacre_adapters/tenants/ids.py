"""Ids of tenants, and the files of their vaults: no two share one, none leaves its folder."""

import re

from nacre_adapters.tenants.errors import BadTenantId

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
_UPPER = re.compile(r"[A-Z]")


def checked_id(tenant_id: object) -> str:
    """Return the id of a tenant.

    Raises:
        BadTenantId: it cannot be one.
    """
    if isinstance(tenant_id, str) and _ID.fullmatch(tenant_id):
        return str.__str__(tenant_id)  # also of a member of an enum
    raise BadTenantId(
        f"{tenant_id!r:.80} cannot be the id of a tenant: use 1 to 64 letters of a-z and A-Z, "
        "digits, _ and -, and no - in front"
    )


def file_of(tenant_id: str) -> str:
    """Return the name of the file of a tenant's vault.

    An upper-case letter is written as + and its lower case, so that `Acme` and `acme` are two
    files also where the file system does not tell them apart.
    """
    return _UPPER.sub(lambda found: "+" + found[0].lower(), tenant_id) + ".nacre"
