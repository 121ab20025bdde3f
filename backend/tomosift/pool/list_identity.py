"""The checksum of a particle list: what tells whether it is the same file, or has changed."""

import hashlib
import os
from pathlib import Path


def list_checksum(path: Path) -> str:
    """BLAKE2b of the file's bytes, 32 hexadecimal digits; of a folder: of its files' names, sizes and times."""
    if path.is_dir():
        return _folder_checksum(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _folder_checksum(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            file = Path(parent, name)
            status = file.lstat()
            digest.update(f"{file.relative_to(folder)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()
