"""Where the store lies: a folder of this computer, or a server that fsspec reaches with the options of the settings."""

from dataclasses import dataclass
from typing import Any

import fsspec

from tomosift.kit.settings import get_settings


@dataclass(frozen=True)
class StoreFilesystem:
    """An fsspec filesystem and the path of the store in it; `options` are those it was opened with."""

    filesystem: Any
    path: str
    is_folder: bool
    options: dict[str, Any]


def open_store_filesystem(url: str) -> StoreFilesystem:
    """The filesystem behind `url`, as `Settings.effective_store_url` gives it: a folder or an fsspec URL.

    A server is asked anew each time (no listing is remembered), because other processes write to it too. A folder
    needs none of `Settings.store_options`.
    """
    is_folder = fsspec.utils.get_protocol(url) in ("file", "local")
    options = {} if is_folder else {"use_listings_cache": False, **get_settings().store_options}
    filesystem, path = fsspec.url_to_fs(url, **options)
    return StoreFilesystem(filesystem, str(path).rstrip("/"), is_folder, options)
