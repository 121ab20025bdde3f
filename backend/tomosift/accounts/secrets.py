"""Random secrets for sessions, links and tokens. Only their SHA-256 digests are stored.

A plain digest is enough here: the secrets have 256 random bits, so there is nothing to guess.
"""

import hashlib
import secrets

ACCESS_TOKEN_PREFIX = "tms_"  # noqa: S105 - a marker that lets people and scanners recognise a token


def new_secret(prefix: str = "") -> str:
    """A fresh secret of 256 random bits, safe in a URL."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()
