"""Serving the built browser interface: its files, and its first page for every other address."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response

from tomosift.kit.problems import not_found

WEB_FOLDER = Path(__file__).resolve().parents[1] / "web"

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tomosift</title>
<h1>The interface is not built yet</h1>
<p>The service runs. Build its pages with <code>make run</code>, or <code>npm ci &amp;&amp; npm run build</code> in
<code>frontend/</code>, then reload this page.</p></html>"""


def serve_interface(app: FastAPI, folder: Path = WEB_FOLDER) -> None:
    """Add the interface to `app`, after every other route: anything that is no file is the single page's business."""

    @app.get("/{address:path}", include_in_schema=False)
    def interface(address: str) -> Response:
        if address == "api" or address.startswith("api/"):
            raise not_found("address")
        file = _inside(folder, address)
        if file is not None:
            immutable = address.startswith("assets/")  # their names carry a hash of their content
            return FileResponse(
                file, headers={"Cache-Control": "public, max-age=31536000, immutable" if immutable else "no-cache"}
            )
        if "." in address.rpartition("/")[2]:
            raise not_found("file")
        page = folder / "index.html"
        if not page.is_file():
            return HTMLResponse(_NOT_BUILT, status_code=503, headers={"Cache-Control": "no-store"})
        return FileResponse(page, headers={"Cache-Control": "no-cache"})


def _inside(folder: Path, address: str) -> Path | None:
    """The file at `address`, if it is a regular file inside `folder` once links are resolved."""
    if not address or "\0" in address:
        return None
    file = (folder / address).resolve()
    return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
