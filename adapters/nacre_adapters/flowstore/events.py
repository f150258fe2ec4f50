"""The kinds of events of flows, and what their data holds.

    kind                         subject                  data
    flowstore.flow.created       flow/<flow>              flow, app, owner, steps, details
    flowstore.flow.deleted       flow/<flow>              flow
    flowstore.step.started       flow/<flow>/step/<step>  flow, step, attempt, phase, code
    flowstore.step.read          the same                 flow, step, attempt, inputs, made_from
    flowstore.step.progressed    the same                 flow, step, attempt, completion, message
    flowstore.step.finished      the same                 ... attempt, phase, reused, made_with
    flowstore.step.failed        the same                 ... attempt, phase, error, made_with
    flowstore.step.cancelled     the same                 flow, step, attempt, phase
    flowstore.step.invalidated   the same                 flow, step, because
    flowstore.output.saved       the same                 ... attempt, name, value, made_from
    flowstore.page.updated       the same                 flow, step, attempt, page, summary
    flowstore.input.submitted    the same                 flow, step, attempt, element, value
    flowstore.upload.received    the same                 ... attempt, element, content, filename
    flowstore.element.reserved   the same                 flow, step, from, element
    flowstore.asset.created      asset/<asset>            asset, version 0, what it is, value
    flowstore.asset.revised      asset/<asset>            asset, version, what it is, value
    flowstore.asset.shared       asset/<asset>            asset, groups
    flowstore.asset.pinned       asset/<asset>            asset, is_pinned
    flowstore.asset.deleted      asset/<asset>            asset
    flowstore.asset.restored     asset/<asset>            asset
    flowstore.asset.tagged       asset/<asset>            asset, version, set, removed
    flowstore.revision.retired   asset/<asset>            asset, versions, why
    flowstore.alias.moved        alias/<label>/<alias>    label, type, alias, asset, revision
    flowstore.group.joined       group/<group>            group, user, role
    flowstore.group.left         group/<group>            group, user
    flowstore.admin.appointed    person/<user>            user
    flowstore.admin.dismissed    person/<user>            user

A value is the node of a codec. `version` of an asset's event is its revision, and `made_from` says
what the engine's lineage links it with.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from nacre.errors import InvalidInput

FLOW_CREATED = "flowstore.flow.created"
FLOW_DELETED = "flowstore.flow.deleted"
STEP_STARTED = "flowstore.step.started"
STEP_READ = "flowstore.step.read"
STEP_PROGRESSED = "flowstore.step.progressed"
STEP_FINISHED = "flowstore.step.finished"
STEP_FAILED = "flowstore.step.failed"
STEP_CANCELLED = "flowstore.step.cancelled"
STEP_INVALIDATED = "flowstore.step.invalidated"
OUTPUT_SAVED = "flowstore.output.saved"
PAGE_UPDATED = "flowstore.page.updated"
INPUT_SUBMITTED = "flowstore.input.submitted"
UPLOAD_RECEIVED = "flowstore.upload.received"
ELEMENT_RESERVED = "flowstore.element.reserved"
ASSET_CREATED = "flowstore.asset.created"
ASSET_REVISED = "flowstore.asset.revised"
ASSET_SHARED = "flowstore.asset.shared"
ASSET_PINNED = "flowstore.asset.pinned"
ASSET_DELETED = "flowstore.asset.deleted"
ASSET_RESTORED = "flowstore.asset.restored"
ASSET_TAGGED = "flowstore.asset.tagged"
REVISION_RETIRED = "flowstore.revision.retired"
ALIAS_MOVED = "flowstore.alias.moved"
GROUP_JOINED = "flowstore.group.joined"
GROUP_LEFT = "flowstore.group.left"
ADMIN_APPOINTED = "flowstore.admin.appointed"
ADMIN_DISMISSED = "flowstore.admin.dismissed"

RUN, ACTION = "run", "action"

_LONGEST_PART = 90
_CONTROL = frozenset(range(32))
_SAFE = " :@+,;=!()[]'&$"


class Fact(NamedTuple):
    """An event as a decision returns it: not yet recorded."""

    kind: str
    subject: str
    data: Mapping[str, object]


def subject_of(noun: str, *names: str) -> str:
    """Return a subject: the noun, and names that may hold anything."""
    return "/".join([noun, *map(_part, names)])


def flow_subject(flow: str) -> str:
    """Return the subject of what happens to a flow."""
    return subject_of("flow", flow)


def step_subject(flow: str, step: str) -> str:
    """Return the subject of what happens to a step of a flow."""
    return f"{subject_of('flow', flow)}/{subject_of('step', step)}"


def asset_subject(asset: str) -> str:
    """Return the subject of what happens to an asset."""
    return subject_of("asset", asset)


def key_of(text: str) -> str:
    """Return *text* as it stands in the keys of views: itself, or its hash when it is long.

    One that could be taken for a hash, or for several names in one, is hashed as well: no two
    names share a key, whatever they hold.

    Raises:
        InvalidInput: it is no text.
    """
    if not isinstance(text, str):
        raise InvalidInput(f"{text!r:.60} is no text: flows, steps, labels and ids are")
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{text!r:.60} holds a lone surrogate, which is no text") from None
    is_plain = len(encoded) <= _LONGEST_PART and text[:1] != "#" and _CONTROL.isdisjoint(encoded)
    return text if is_plain else f"#{_hash(encoded)}"


def _part(name: str) -> str:
    quoted = quote(name, safe=_SAFE, errors="surrogatepass")
    if quoted != quoted.strip() or set(quoted) <= {"."}:
        quoted = quoted.replace(" ", "%20").replace(".", "%2E")
    return quoted if 0 < len(quoted) <= _LONGEST_PART else _hash(quoted.encode())


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
