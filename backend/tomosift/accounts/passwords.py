"""Passwords: argon2 hashes, and nothing that helps to guess.

Parameters are the second recommended option of RFC 9106 (argon2id, 64 MiB, 3 passes), the library's default. A hash
says with which parameters it was made, so a stronger default replaces old hashes as people sign in.
"""

import threading
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tomosift.kit.problems import invalid

SHORTEST = 12
LONGEST = 200
# Each hash takes 64 MiB for a moment: a flood of sign-ins must not take the computer's memory.
_at_once = threading.BoundedSemaphore(4)


@lru_cache
def get_hasher() -> PasswordHasher:
    """The process's hasher."""
    return PasswordHasher()


@lru_cache
def _hash_of_nobody() -> str:
    """What the password for an unknown name is compared with, so that it takes as long as for a known one."""
    return get_hasher().hash("nobody's password")


def make_hash(password: str, name: str) -> str:
    """What is stored of a password for the user `name`. Raises ProblemError 422 for one that is easily guessed."""
    plain = _normal(password)
    if len(plain) < SHORTEST:
        raise invalid("weak-password", "The password is too short", f"Take at least {SHORTEST} characters.")
    if plain.casefold().replace(name.casefold(), "") == "" or len(set(plain)) < 3:
        raise invalid(
            "weak-password", "The password is easily guessed", "Take a few words that do not belong together."
        )
    with _at_once:
        return get_hasher().hash(plain)


def is_right(stored: str | None, password: str) -> bool:
    """Whether the password is the one `stored` was made of; False for None, after the same time."""
    with _at_once:
        try:
            return get_hasher().verify(stored or _hash_of_nobody(), _normal(password)) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def newer_hash(stored: str, password: str) -> str | None:
    """The hash by today's parameters of a password that is right, if `stored` has others."""
    if not get_hasher().check_needs_rehash(stored):
        return None
    with _at_once:
        return get_hasher().hash(_normal(password))


def _normal(password: str) -> str:
    """One form of letters that can be typed in several ways (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
