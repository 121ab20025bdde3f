"""What an import or preview job was asked to do, as its payload keeps it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tomosift.pool.import_schemas import ImportOptions


@dataclass(frozen=True)
class ImportOrder:
    """The list, the one folder its images may lie in, those for its tomograms, and how to import it."""

    list_path: Path
    root: Path
    name: str
    checksum: str
    upload_id: uuid.UUID | None
    tomogram_roots: Sequence[Path]
    options: ImportOptions

    def as_payload(self) -> dict[str, Any]:
        """The order as JSON."""
        return {
            "list": str(self.list_path),
            "root": str(self.root),
            "name": self.name,
            "checksum": self.checksum,
            "upload_id": str(self.upload_id) if self.upload_id else None,
            "tomogram_roots": [str(root) for root in self.tomogram_roots],
            "options": self.options.model_dump(mode="json", by_alias=True, exclude_none=True),
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "ImportOrder":
        """Read what `as_payload` wrote."""
        upload_id = payload["upload_id"]
        return cls(
            list_path=Path(payload["list"]),
            root=Path(payload["root"]),
            name=str(payload["name"]),
            checksum=str(payload["checksum"]),
            upload_id=uuid.UUID(upload_id) if upload_id else None,
            tomogram_roots=[Path(root) for root in payload["tomogram_roots"]],
            options=ImportOptions.model_validate(payload["options"]),
        )
