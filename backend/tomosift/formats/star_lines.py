"""The lines of a STAR file, in bounded memory: one by one as text, or many plain ones at once as bytes."""

import re
from typing import BinaryIO

import numpy as np

from tomosift.formats.problem import FormatProblem

LONGEST_LINE = 1_048_576
_CHUNK_BYTES = 4 * LONGEST_LINE
_VERSION_COMMENT = re.compile(r"#\s*version\s+(\S+)")
# Quotes, comments, and what Python's split() takes for spaces besides blanks and tabs.
_SPECIAL = b"\"'#\0\x0b\x0c\x1c\x1d\x1e\x1f"
_LINE_OF_BLOCK = re.compile(rb"^[ \t]*data_", re.MULTILINE)


class StarLines:
    """A pass over a file's lines; `number` is the last one read, counted from 1.

    `next` and `peek_plain` raise FormatProblem for zero bytes and for a line too long to be STAR's, and `next`
    UnicodeDecodeError for what is no UTF-8.
    """

    def __init__(self, file: BinaryIO, file_name: str) -> None:
        self.number = 0
        self._file = file
        self._file_name = file_name
        self._buffer = b""
        self._start = self._at = 0
        self._tail = b""
        self._version: str | None = None
        self._plain_end = 0
        self._is_first = True

    def next(self) -> str | None:
        """The next line that is neither empty nor a comment, without the spaces around it; None at the end."""
        while self._at < len(self._buffer) or self._fill():
            self._start, self._at = self._at, self._buffer.index(b"\n", self._at) + 1
            self.number += 1
            line = self._buffer[self._start : self._at].decode().strip()
            if "\0" in line:
                raise self._problem("there are zero bytes in it; a STAR file is plain text")
            if line.startswith("#"):
                if match := _VERSION_COMMENT.match(line):
                    self._version = match[1]
            elif line:
                return line
        return None

    def unread(self) -> None:
        """Let `next` return its last line again."""
        self._at = self._start
        self.number -= 1

    def take_version(self) -> str | None:
        """What the last `# version` comment said, once."""
        version, self._version = self._version, None
        return version

    def peek_plain(self) -> bytes | None:
        """The next lines up to a block's start, values parted by one blank, where nothing in them needs care.

        None where something does (quotes, comments, other alphabets), and at the end of the file.
        """
        if self._at == len(self._buffer) and not self._fill():
            return None
        self._plain_end = self._find_block()
        text = self._buffer[self._at : self._plain_end]
        if not text.isascii() or len(text.translate(None, _SPECIAL)) != len(text):
            return None
        return _parted_by_one_blank(text)

    def skip_plain(self) -> None:
        """Go on behind what `peek_plain` returned."""
        self.number += self._buffer.count(b"\n", self._at, self._plain_end)
        self._at = self._plain_end

    def _find_block(self) -> int:
        """Where the next line that begins like a block's first one stands in the buffer, or its end."""
        if self._buffer.find(b"data_", self._at) < 0:
            return len(self._buffer)
        found = _LINE_OF_BLOCK.search(self._buffer, self._at)
        return found.start() if found is not None else len(self._buffer)

    def _fill(self) -> bool:
        """Read the next whole lines, each ended by one newline; False at the end of the file."""
        raw = self._file.read(_CHUNK_BYTES)
        if raw.endswith(b"\r"):  # the other half of a line's end may follow
            raw += self._file.read(1)
        if self._is_first:
            raw, self._is_first = raw.removeprefix(b"\xef\xbb\xbf"), False
        if b"\r" in raw:
            raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        text = self._tail + (raw or b"\n") if self._tail or raw else b""
        end = text.rfind(b"\n") + 1
        self._buffer, self._tail, self._at = text[:end], text[end:], 0
        if len(self._tail) > LONGEST_LINE:
            self.number += 1
            raise self._problem(f"it is longer than {LONGEST_LINE:,} bytes; a STAR file is plain text in lines")
        return end > 0 or (text != b"" and self._fill())

    def _problem(self, message: str) -> FormatProblem:
        return FormatProblem(f"line {self.number} of {self._file_name}: {message}")


def _parted_by_one_blank(text: bytes) -> bytes:
    """Lines without the blanks at their ends, and one blank between values (bytes.replace would take twice as long)."""
    characters = np.frombuffer(text.replace(b"\t", b" "), np.uint8)
    is_blank = characters == ord(" ")
    is_repeated = is_blank.copy()
    is_repeated[1:] &= is_blank[:-1] | (characters[:-1] == ord("\n"))
    kept: bytes = characters[~is_repeated].tobytes()
    return kept.replace(b" \n", b"\n").strip()
