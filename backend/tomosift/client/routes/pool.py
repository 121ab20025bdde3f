"""Routes of pool. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote
from uuid import UUID

import httpx

from tomosift.client.calls import Call, Json, new_key, segment
from tomosift.pool.gallery_schemas import GalleryCount, GalleryPage
from tomosift.pool.import_schemas import Neighbours
from tomosift.pool.label_schemas import LabelImportRequest
from tomosift.pool.schemas import (
    BatchReceived,
    JobDetail,
    JobOut,
    SourceOut,
    SubtomogramDetail,
    SubtomogramSummary,
    UnpackIn,
    UploadContents,
    UploadedFile,
    UploadOut,
)

if TYPE_CHECKING:
    from tomosift.client.sync_client import Tomosift


class PoolRoutes:
    """Routes of pool."""

    def __init__(self, client: "Tomosift") -> None:
        self._client = client

    def create_upload(self, slug: str, *, key: str | None = None) -> UploadOut:
        """Begin an upload: `POST /projects/{slug}/uploads`."""
        call = Call("POST", f"/projects/{segment(slug)}/uploads", headers={"Idempotency-Key": key or new_key()})
        return self._client.read(call, UploadOut)

    def put_chunk(
        self, slug: str, upload_id: UUID | str, path: str, content: bytes, *, offset: int | None = None
    ) -> UploadedFile:
        """Send the next chunk of a file: `PUT /projects/{slug}/uploads/{upload_id}/files/{path}`."""
        call = Call(
            "PUT",
            f"/projects/{segment(slug)}/uploads/{segment(upload_id)}/files/{quote(path)}",
            content=content,
            media_type="application/octet-stream",
            query={"offset": offset},
        )
        return self._client.read(call, UploadedFile)

    def read_upload(self, slug: str, upload_id: UUID | str) -> UploadContents:
        """What an upload holds: `GET /projects/{slug}/uploads/{upload_id}`."""
        call = Call("GET", f"/projects/{segment(slug)}/uploads/{segment(upload_id)}")
        return self._client.read(call, UploadContents)

    def delete_upload(self, slug: str, upload_id: UUID | str) -> None:
        """Discard an upload: `DELETE /projects/{slug}/uploads/{upload_id}`."""
        call = Call("DELETE", f"/projects/{segment(slug)}/uploads/{segment(upload_id)}")
        self._client.send(call)

    def read_sources(self, slug: str, *, limit: int | None = None) -> Iterator[SourceOut]:
        """Imported lists: `GET /projects/{slug}/sources`."""
        call = Call("GET", f"/projects/{segment(slug)}/sources", query={"limit": limit})
        return self._client.pages(call, SourceOut)

    def read_jobs(self, slug: str, *, limit: int | None = None) -> Iterator[JobOut]:
        """Long work of the project: `GET /projects/{slug}/jobs`."""
        call = Call("GET", f"/projects/{segment(slug)}/jobs", query={"limit": limit})
        return self._client.pages(call, JobOut)

    def read_job(self, slug: str, job_id: UUID | str) -> JobDetail:
        """One job: `GET /projects/{slug}/jobs/{job_id}`."""
        call = Call("GET", f"/projects/{segment(slug)}/jobs/{segment(job_id)}")
        return self._client.read(call, JobDetail)

    def cancel_job(self, slug: str, job_id: UUID | str) -> JobDetail:
        """Stop a job: `POST /projects/{slug}/jobs/{job_id}/cancel`."""
        call = Call("POST", f"/projects/{segment(slug)}/jobs/{segment(job_id)}/cancel")
        return self._client.read(call, JobDetail)

    def read_subtomograms(
        self,
        slug: str,
        *,
        limit: int | None = None,
        label: str | None = None,
        tomogram: str | None = None,
        predicted: UUID | str | None = None,
    ) -> Iterator[SubtomogramSummary]:
        """The pool: `GET /projects/{slug}/subtomograms`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/subtomograms",
            query={"limit": limit, "label": label, "tomogram": tomogram, "predicted": predicted},
        )
        return self._client.pages(call, SubtomogramSummary)

    def read_subtomogram(self, slug: str, subtomogram_id: int) -> SubtomogramDetail:
        """One subtomogram: `GET /projects/{slug}/subtomograms/{subtomogram_id}`."""
        call = Call("GET", f"/projects/{segment(slug)}/subtomograms/{segment(subtomogram_id)}")
        return self._client.read(call, SubtomogramDetail)

    def read_volume(
        self, slug: str, subtomogram_id: int, *, h: str | None = None, format: Literal["uint8", "float16"] | None = None
    ) -> httpx.Response:
        """Voxels for the viewer: `GET /projects/{slug}/subtomograms/{subtomogram_id}/volume`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/subtomograms/{segment(subtomogram_id)}/volume",
            query={"h": h, "format": format},
        )
        return self._client.send(call)

    def read_gallery(
        self,
        slug: str,
        *,
        limit: int | None = None,
        rank: int | None = None,
        sort: Literal["place", "score", "confidence", "unlike", "decided"] | None = None,
        descending: bool | None = None,
        label: str | None = None,
        predicted: str | None = None,
        confidence_min: float | None = None,
        confidence_max: float | None = None,
        tomogram: str | None = None,
        annotator: UUID | str | None = None,
        disagrees: bool | None = None,
        batch: int | None = None,
        ids: str | None = None,
    ) -> GalleryPage:
        """The pool, sorted and filtered: `GET /projects/{slug}/gallery`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/gallery",
            query={
                "limit": limit,
                "rank": rank,
                "sort": sort,
                "descending": descending,
                "label": label,
                "predicted": predicted,
                "confidence_min": confidence_min,
                "confidence_max": confidence_max,
                "tomogram": tomogram,
                "annotator": annotator,
                "disagrees": disagrees,
                "batch": batch,
                "ids": ids,
            },
        )
        return self._client.read(call, GalleryPage)

    def count_gallery(
        self,
        slug: str,
        *,
        value: float | None = None,
        sort: Literal["place", "score", "confidence", "unlike", "decided"] | None = None,
        descending: bool | None = None,
        label: str | None = None,
        predicted: str | None = None,
        confidence_min: float | None = None,
        confidence_max: float | None = None,
        tomogram: str | None = None,
        annotator: UUID | str | None = None,
        disagrees: bool | None = None,
        batch: int | None = None,
        ids: str | None = None,
    ) -> GalleryCount:
        """How many the gallery has: `GET /projects/{slug}/gallery/count`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/gallery/count",
            query={
                "value": value,
                "sort": sort,
                "descending": descending,
                "label": label,
                "predicted": predicted,
                "confidence_min": confidence_min,
                "confidence_max": confidence_max,
                "tomogram": tomogram,
                "annotator": annotator,
                "disagrees": disagrees,
                "batch": batch,
                "ids": ids,
            },
        )
        return self._client.read(call, GalleryCount)

    def read_tiles(
        self,
        slug: str,
        *,
        ids: str | None = None,
        view: Literal["central", "sum", "max", "min"] | None = None,
        size: int | None = None,
        low_pass: float | None = None,
    ) -> httpx.Response:
        """Small pictures of many subtomograms: `GET /projects/{slug}/tiles`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/tiles",
            query={"ids": ids, "view": view, "size": size, "low_pass": low_pass},
        )
        return self._client.send(call)

    def post_batch(self, slug: str, upload_id: UUID | str, content: bytes) -> BatchReceived:
        """Send many small files at once: `POST /projects/{slug}/uploads/{upload_id}/files`."""
        call = Call(
            "POST",
            f"/projects/{segment(slug)}/uploads/{segment(upload_id)}/files",
            content=content,
            media_type="application/x-tar",
        )
        return self._client.read(call, BatchReceived)

    def read_files(self, slug: str, upload_id: UUID | str) -> Iterator[Json]:
        """Every file of an upload, as lines: `GET /projects/{slug}/uploads/{upload_id}/files`."""
        call = Call("GET", f"/projects/{segment(slug)}/uploads/{segment(upload_id)}/files")
        return self._client.lines(call)

    def unpack(self, slug: str, upload_id: UUID | str, body: UnpackIn | Json, *, key: str | None = None) -> JobOut:
        """Unpack an uploaded archive: `POST /projects/{slug}/uploads/{upload_id}/unpack`."""
        call = Call(
            "POST",
            f"/projects/{segment(slug)}/uploads/{segment(upload_id)}/unpack",
            body=body,
            headers={"Idempotency-Key": key or new_key()},
        )
        return self._client.read(call, JobOut)

    def create_label_import(self, slug: str, body: LabelImportRequest | Json, *, key: str | None = None) -> JobOut:
        """Bring labels that exist already: `POST /projects/{slug}/label-imports`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/label-imports", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return self._client.read(call, JobOut)

    def delete_label_import(self, slug: str, job_id: UUID | str) -> JobOut:
        """Take a whole label import back: `DELETE /projects/{slug}/label-imports/{job_id}`."""
        call = Call("DELETE", f"/projects/{segment(slug)}/label-imports/{segment(job_id)}")
        return self._client.read(call, JobOut)

    def read_surroundings(
        self,
        slug: str,
        subtomogram_id: int,
        *,
        width: float | None = None,
        unit: Literal["angstrom", "voxel"] | None = None,
    ) -> httpx.Response:
        """The tomogram around a particle: `GET /projects/{slug}/subtomograms/{subtomogram_id}/surroundings`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/subtomograms/{segment(subtomogram_id)}/surroundings",
            query={"width": width, "unit": unit},
        )
        return self._client.send(call)

    def read_neighbours(
        self,
        slug: str,
        subtomogram_id: int,
        *,
        radius: float | None = None,
        unit: Literal["angstrom", "voxel"] | None = None,
        limit: int | None = None,
    ) -> Neighbours:
        """Particles near a particle: `GET /projects/{slug}/subtomograms/{subtomogram_id}/neighbours`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/subtomograms/{segment(subtomogram_id)}/neighbours",
            query={"radius": radius, "unit": unit, "limit": limit},
        )
        return self._client.read(call, Neighbours)

    def read_class_sum(
        self, slug: str, class_id: UUID | str, *, format: Literal["uint8", "float16"] | None = None
    ) -> httpx.Response:
        """What a class looks like: `GET /projects/{slug}/classes/{class_id}/sum`."""
        call = Call("GET", f"/projects/{segment(slug)}/classes/{segment(class_id)}/sum", query={"format": format})
        return self._client.send(call)

    def read_denoised_volume(
        self, slug: str, subtomogram_id: int, *, format: Literal["uint8", "float16"] | None = None
    ) -> httpx.Response:
        """Voxels with less noise: `GET /projects/{slug}/subtomograms/{subtomogram_id}/denoised`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/subtomograms/{segment(subtomogram_id)}/denoised",
            query={"format": format},
        )
        return self._client.send(call)

    def read_map(self, slug: str) -> httpx.Response:
        """The pool as a map: `GET /projects/{slug}/map`."""
        call = Call("GET", f"/projects/{segment(slug)}/map")
        return self._client.send(call)
