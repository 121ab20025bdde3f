"""Names of files in an upload: relative, plain, and staying where they are put."""

from pathlib import PurePosixPath

from tomosift.kit.problems import invalid

LONGEST_NAME_BYTES = 255
DEEPEST = 40


def checked_path(path: str) -> PurePosixPath:
    """`path` if it is relative and stays where it is put. Raises ProblemError 422."""
    parts = path.split("/")
    if (
        len(parts) > DEEPEST
        or any(part in ("", ".", "..") or _byte_count(part) > LONGEST_NAME_BYTES for part in parts)
        or "\0" in path
        or "\\" in path
    ):
        raise invalid(
            "bad-path",
            "Not a path inside the upload",
            f"{path[:200]!r} must be relative, with single slashes and without '..'.",
        )
    return PurePosixPath(*parts)


def _byte_count(part: str) -> int:
    """Length as UTF-8; a name that is none (lone surrogates) is too long for any folder."""
    try:
        return len(part.encode())
    except UnicodeEncodeError:
        return LONGEST_NAME_BYTES + 1
