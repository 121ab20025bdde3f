"""What the volume store accepts as an array of its own: the check before zarr decodes a single byte."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

# Codecs that only rearrange or unpack bytes. Everything else (pickle above all) may run code.
ALLOWED_CODECS = frozenset({"bytes", "sharding_indexed", "crc32c", "transpose", "zstd", "gzip", "blosc"})


class VolumeStoreProblem(Exception):
    """The volume store does not hold what was asked for, or not in a form it may open."""


def check_metadata(metadata: object, name: str) -> Mapping[str, Any]:
    """Check a `zarr.json` value: Zarr v3, float32 `(n, z, y, x)`, one volume a chunk, allowed codecs only.

    Returns it as a mapping. Raises VolumeStoreProblem that names the array and what is wrong.
    """
    if not isinstance(metadata, dict) or metadata.get("node_type") != "array":
        raise VolumeStoreProblem(f"volumes {name}: zarr.json does not describe an array")
    if metadata.get("zarr_format") != 3:
        raise VolumeStoreProblem(f"volumes {name}: only Zarr version 3 is read")
    if metadata.get("storage_transformers"):
        raise VolumeStoreProblem(f"volumes {name}: storage transformers are not read")
    for codec in _all_codecs(metadata.get("codecs")):
        if codec not in ALLOWED_CODECS:
            raise VolumeStoreProblem(
                f"volumes {name}: the codec {codec!r} is not allowed; allowed are {', '.join(sorted(ALLOWED_CODECS))}"
            )
    if metadata.get("data_type") != "float32" or not _is_batch_shape(metadata.get("shape")):
        raise VolumeStoreProblem(f"volumes {name}: not a float32 array of shape (n, z, y, x)")
    return cast(Mapping[str, Any], metadata)


def uncompressed_shard_length(metadata: Mapping[str, Any]) -> int | None:
    """Volumes in a shard, where shards hold plain little-endian volumes behind the standard index; else None."""
    codecs = metadata["codecs"]
    if len(codecs) != 1 or codecs[0].get("name") != "sharding_indexed":
        return None
    sharding = codecs[0]["configuration"]
    shape = list(metadata["shape"])
    shard_shape = list(metadata["chunk_grid"]["configuration"]["chunk_shape"])
    little_endian = {"name": "bytes", "configuration": {"endian": "little"}}
    plain = (
        sharding.get("codecs") == [little_endian]
        and sharding.get("index_codecs") == [little_endian, {"name": "crc32c"}]
        and sharding.get("index_location", "end") == "end"
        and list(sharding.get("chunk_shape", [])) == [1, *shape[1:]]
        and shard_shape[1:] == shape[1:]
        and metadata["chunk_key_encoding"] == {"name": "default", "configuration": {"separator": "/"}}
    )
    return int(shard_shape[0]) if plain else None


def _all_codecs(codecs: object) -> list[str]:
    if not isinstance(codecs, Sequence) or isinstance(codecs, str):
        return [repr(codecs)]
    names: list[str] = []
    for codec in codecs:
        if isinstance(codec, dict):
            names.append(str(codec.get("name")))
            configuration = codec.get("configuration")
            if isinstance(configuration, dict):
                for inner in ("codecs", "index_codecs"):
                    names += _all_codecs(configuration[inner]) if inner in configuration else []
        else:
            names.append(str(codec))
    return names


def _is_batch_shape(shape: object) -> bool:
    return isinstance(shape, list) and len(shape) == 4 and all(isinstance(size, int) and size > 0 for size in shape)
