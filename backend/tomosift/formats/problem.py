"""The one error of every reader: what is wrong with a file, where, and what to do."""


class FormatProblem(ValueError):
    """A file cannot be read. `message` is a sentence for the user that says what to do.

    `row` counts the particles of a list from 1, `column` is the name the file uses; both are None where the whole
    file is meant. Messages name files by their last part only, never by a server's full path.
    """

    def __init__(self, message: str, row: int | None = None, column: str | None = None) -> None:
        super().__init__(message, row, column)
        self.message = message
        self.row = row
        self.column = column

    def __str__(self) -> str:
        row = f"row {self.row}" if self.row is not None else ""
        place = ", ".join(part for part in (row, self.column) if part)
        return f"{place}: {self.message}" if place else self.message
