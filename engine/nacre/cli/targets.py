"""How commands come to a target: where it is, and what opens it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from nacre.backups import SealedTarget, Secret
from nacre.backups.config import is_target
from nacre.backups.location import target_at
from nacre.cli.terminal import PathType
from nacre.errors import InvalidInput, WrongKey
from nacre.operations.backup import open_target

PASSPHRASE_VARIABLE = "NACRE_PASSPHRASE"  # noqa: S105 - the name of one

Function = TypeVar("Function", bound=Callable[..., object])

target_argument = click.argument("target")
_passphrase_file = click.option(
    "--passphrase-file",
    type=PathType(dir_okay=False),
    help=f"Holds the passphrase of the target, which {PASSPHRASE_VARIABLE} may hold, too.",
)
_key_file = click.option(
    "--key-file",
    type=PathType(dir_okay=False),
    help="The key file of the target, 32 bytes or more.",
)


def secret_options(function: Function) -> Function:
    """Let a command take the options that open a target."""
    return _passphrase_file(_key_file(function))


def open_location(
    location: str, passphrase_file: Path | None, key_file: Path | None
) -> SealedTarget:
    """Return the target at a place; ask for the passphrase on a terminal if one is needed."""
    target = target_at(location)
    secret = given_secret(passphrase_file, key_file)
    try:
        return open_target(target, secret)
    except WrongKey:
        if secret is not None or not sys.stdin.isatty():
            raise
    passphrase = click.prompt("Passphrase", hide_input=True, err=True)
    return open_target(target, Secret(passphrase=passphrase))


def create_location(
    location: str, passphrase_file: Path | None, key_file: Path | None, *, encrypt: bool
) -> SealedTarget:
    """Return the target at a place, made if there is none; encrypted if there is a secret.

    Raises:
        InvalidInput: it is to be encrypted, and nothing says with what.
    """
    target = target_at(location)
    if is_target(target):
        opened = open_location(location, passphrase_file, key_file)
        if encrypt and not opened.is_encrypted:
            raise InvalidInput(f"{location} is not encrypted: back up to a new place")
        return opened
    secret = given_secret(passphrase_file, key_file)
    if encrypt and secret is None:
        secret = _new_secret()
    return open_target(target, secret, create=True)


def given_secret(passphrase_file: Path | None, key_file: Path | None) -> Secret | None:
    """Return what options and the environment give; None without any."""
    if key_file is not None:
        if passphrase_file is not None:
            raise InvalidInput("give a passphrase or a key file, and not both")
        return Secret(key_file=_content(key_file))
    if passphrase_file is not None:
        try:
            return Secret(passphrase=_content(passphrase_file).decode().rstrip("\r\n"))
        except UnicodeDecodeError:
            raise InvalidInput(f"{passphrase_file} is no text: is it a key file?") from None
    passphrase = os.environ.get(PASSPHRASE_VARIABLE)
    return None if passphrase is None else Secret(passphrase=passphrase)


def _new_secret() -> Secret:
    if not sys.stdin.isatty():
        raise InvalidInput(
            "--encrypt needs a passphrase or a key: give --passphrase-file or --key-file, or set "
            f"{PASSPHRASE_VARIABLE}"
        )
    passphrase = click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return Secret(passphrase=passphrase)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}): correct the path") from error
