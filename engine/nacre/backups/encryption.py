"""What hides a backup: AES-256-GCM, and keys from passphrases. The only user of `cryptography`.

Guards that no nonce is used twice: every file has a key of its own, derived from its salt.
"""

from blake3 import blake3

from nacre.errors import CorruptionError, PackageMissing, WrongKey
from nacre.hashing import Buffer

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CTR
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
except ImportError:
    _is_installed = False
else:
    _is_installed = True

KEY_BYTES = 32
TAG_BYTES = 16

# A key encrypts one file, so that its only nonce may be constant.
_NONCE = bytes(12)
_FIRST_BLOCK = (2).to_bytes(4, "big")  # where GCM begins to count; 1 is that of the tag
_BLOCK_SIZE, _PARALLEL = 8, 1
_KEY_FILE_CONTEXT = "nacre 2026 key of a backup target from a key file"


def check_installed() -> None:
    """Raise PackageMissing when the library that encrypts is missing."""
    if not _is_installed:
        raise PackageMissing("encrypted backups need cryptography: pip install 'nacre[encrypt]'")


def key_of_passphrase(passphrase: bytes, *, salt: bytes, cost: int) -> bytes:
    """Return the key that scrypt makes of a passphrase, with n = 2 ** *cost*."""
    check_installed()
    kdf = Scrypt(salt=salt, length=KEY_BYTES, n=1 << cost, r=_BLOCK_SIZE, p=_PARALLEL)
    return kdf.derive(passphrase)


def key_of_file(content: bytes) -> bytes:
    """Return the key that the content of a key file stands for."""
    return blake3(content, derive_key_context=_KEY_FILE_CONTEXT).digest()


def derived(key: bytes, salt: bytes) -> bytes:
    """Return another key, one for each salt."""
    return blake3(salt, key=key).digest()


def encrypt(key: bytes, content: Buffer, *, bound_to: bytes) -> bytes:
    """Return *content* encrypted, with its tag; *key* may never encrypt anything else."""
    check_installed()
    return AESGCM(key).encrypt(_NONCE, content, bound_to)


def decrypt(key: bytes, sealed: Buffer, *, bound_to: bytes) -> bytes:
    """Return what `encrypt` was given.

    Raises:
        CorruptionError: the key, the bytes or what they are bound to is another.
    """
    check_installed()
    try:
        return AESGCM(key).decrypt(_NONCE, sealed, bound_to)
    except InvalidTag as error:
        raise CorruptionError("its bytes were altered, or moved from elsewhere") from error


def decrypt_unproven(key: bytes, sealed: Buffer) -> bytes:
    """Return what may be left of something encrypted: its tag is not looked at."""
    check_installed()
    decryptor = Cipher(AES(key), CTR(_NONCE + _FIRST_BLOCK)).decryptor()
    return decryptor.update(sealed) + decryptor.finalize()


def unwrap(key: bytes, wrapped: bytes, *, bound_to: bytes) -> bytes:
    """Return the master key of a target.

    Raises:
        WrongKey: it does not open with *key*.
    """
    try:
        return decrypt(key, wrapped, bound_to=bound_to)
    except CorruptionError as error:
        raise WrongKey(
            "the passphrase or key file does not open this target (or its config was altered): "
            "give the one that it was made with"
        ) from error
