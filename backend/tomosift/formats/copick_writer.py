"""Writes picks as a copick project has them: one file for each run, user, session and object."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.copick_project import OWN_COLUMNS, RUNS_FOLDER, CopickPicks, file_keys, untrusted_files
from tomosift.formats.export_chunk import (
    ExportChunk,
    ExportContext,
    ListWriter,
    OpenFile,
    number_texts,
    require_positions,
)
from tomosift.formats.grouped_lines import GroupedLines
from tomosift.formats.json_text import dump_json
from tomosift.formats.list_folder import FileNames
from tomosift.formats.orientations import known_angles, rotation_from_relion
from tomosift.formats.point_list import points_of

USER, SESSION = "tomosift", "1"
_UNCLASSIFIED = "unclassified"

_File = tuple[str, str, str, str]  # run, user, session, object


class CopickWriter(ListWriter):
    """Writes `<stem>/ExperimentRuns/<run>/Picks/tomosift_1_<class>.json`; put its runs into a project's overlay.

    Points that came from a copick project keep whatever they had, and their files where the class is not set.
    """

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        super().__init__(open_file, context)
        self._lines = self._files.enter_context(GroupedLines())
        self._groups: dict[_File, int] = {}
        self._unoriented: set[int] = set()
        self._runs, self._names = FileNames(), FileNames(underscores=False)

    def write(self, chunk: ExportChunk) -> None:
        """Add the chunk's points."""
        is_own = self.context.source_format == CopickPicks.format
        files = self._original_files(chunk) if is_own else self._new_files(chunk)
        groups = [self._groups.setdefault(file, len(self._groups)) for file in files]
        points = self._original_points(chunk) if is_own else _new_points(chunk)
        self._lines.add(groups, [point.encode() for point in points])
        oriented = self._original_trust(chunk) if is_own else known_angles(chunk.angles)
        self._unoriented.update(np.asarray(groups)[~oriented].tolist())

    def finish(self) -> None:
        """Write the files, one after another."""
        files = list(self._groups)
        for group, points in self._lines.lines_by_group():
            run, user, session, name = files[group]
            picks = "_".join(self._names.of(part) for part in (user, session, name))
            path = f"{self.context.stem}/{RUNS_FOLDER}/{self._runs.of(run)}/Picks/{picks}.json"
            with self._open_file(path) as file:
                file.write(self._head(files[group], is_oriented=group not in self._unoriented).encode())
                for number, point in enumerate(points):
                    file.write((b",\n" if number else b"\n") + point)
                file.write(b"\n]}\n")

    def _head(self, file: _File, *, is_oriented: bool) -> str:
        run, user, session, name = file
        kept = self.context.source_blocks.get("files", {}).get(f"{run}/{user}_{session}_{name}", {})
        new = {
            "pickable_object_name": self._names.of(name),
            "user_id": self._names.of(user),
            "session_id": self._names.of(session),
            "run_name": run,
            "unit": "angstrom",
            "trust_orientation": is_oriented,
        }
        return dump_json(kept or new)[:-1] + ', "points": ['

    def _new_files(self, chunk: ExportChunk) -> Iterator[_File]:
        for tomogram, name in zip(chunk.tomograms, chunk.class_names, strict=True):
            yield tomogram, USER, SESSION, name or _UNCLASSIFIED

    def _original_files(self, chunk: ExportChunk) -> Iterator[_File]:
        if self.context.sets_class:
            return self._new_files(chunk)
        return zip(*(chunk.rows[column].tolist() for column in ("run", "user", "session", "object")), strict=True)

    def _original_trust(self, chunk: ExportChunk) -> NDArray[np.bool_]:
        """Whether the file each point came from has orientations to be trusted, `(n,)`; its matrix stays as it was."""
        untrusted = untrusted_files(self.context.source_blocks["files"])
        return np.asarray(~file_keys(chunk.rows).isin(untrusted), bool)

    def _original_points(self, chunk: ExportChunk) -> Iterator[str]:
        strings = self.context.source_blocks["points"]["texts"]
        return map(dump_json, points_of(chunk.rows, OWN_COLUMNS, strings))


def _new_points(chunk: ExportChunk) -> Iterator[str]:
    require_positions(chunk, in_angstrom=True)
    known = known_angles(chunk.angles)
    matrices = np.tile(np.eye(3), (len(chunk), 1, 1))
    if known.any():
        matrices[known] = rotation_from_relion(chunk.angles[known]).as_matrix().round(12)
    cells = np.asarray(number_texts(matrices.ravel()), object).reshape(-1, 9)
    x, y, z = (number_texts(chunk.positions[:, axis] * chunk.voxel_sizes) for axis in range(3))
    for at in range(len(chunk)):
        a, b, c, d, e, f, g, h, i = cells[at]
        matrix = f"[[{a}, {b}, {c}, 0.0], [{d}, {e}, {f}, 0.0], [{g}, {h}, {i}, 0.0], [0.0, 0.0, 0.0, 1.0]]"
        location = f'"location": {{"x": {x[at]}, "y": {y[at]}, "z": {z[at]}}}'
        yield f'{{{location}, "transformation_": {matrix}, "instance_id": 0, "score": 1.0}}'
