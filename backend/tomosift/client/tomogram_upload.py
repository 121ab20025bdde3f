"""Which files an import that cuts boxes must send: the list, and of the tomograms those it names."""

from pathlib import Path

from tomosift.client.upload import ParticleFiles, files_of, fingerprint_of, gather, local_file
from tomosift.formats.catalogue import read_particle_list
from tomosift.formats.problem import FormatProblem
from tomosift.pool.import_schemas import ImportOptions
from tomosift.pool.particle_identity import plain_tomogram_name, tomograms_of
from tomosift.pool.tomogram_files import FoundTomogram, TomogramFinder

_FOLDER = "tomograms"


def gather_with_tomograms(star: Path, options: ImportOptions) -> ParticleFiles:
    """The list, its tomograms by their plain names in one folder, and tomograms.star; with images, those as well.

    Raises FormatProblem for a list that cannot be read or tomograms that are not there.
    """
    given = options.tomograms
    assert given is not None  # the caller looked
    particles = read_particle_list(star, options.format)
    finder = TomogramFinder(given, [Path("/")])
    found: dict[str, FoundTomogram] = {}
    missing = []
    for name in dict.fromkeys(tomograms_of(particles, options.tomogram)):
        try:
            found[plain_tomogram_name(name)] = finder.find(name)
        except FormatProblem as problem:
            missing.append(problem.message)
    if missing:
        raise FormatProblem("; ".join(missing[:10]) + (f"; and {len(missing) - 10} more" if len(missing) > 10 else ""))
    told = {each.voxel_size for each in found.values() if each.voxel_size is not None}
    if len(told) > 1:
        raise FormatProblem(
            "the tomograms' voxel sizes are told one by one, which cannot be sent; write them into the headers, or let "
            "the server read the files from an import folder"
        )
    images = gather(star, options.format) if options.cut is None else None
    files = list(images.files) if images is not None else [local_file(star, star.name)]
    for plain, each in found.items():
        files += files_of(each.path, f"{_FOLDER}/{_safe(plain)}{_ending(each.path)}")
    remote = {"folder": _FOLDER, "pattern": "{tomogram}.*"}
    if given.tomograms_star is not None:
        files.append(local_file(Path(given.tomograms_star), "tomograms.star"))
        remote["tomograms_star"] = "tomograms.star"
    size = given.voxel_size_angstrom or (told.pop() if told else None)
    settings = {**remote, **({"voxel_size_angstrom": size} if size else {})}
    unique = list({file.remote: file for file in files}.values())
    return ParticleFiles(images.list_remote if images else star.name, unique, fingerprint_of(unique), settings)


def _safe(name: str) -> str:
    if "/" in name or "\\" in name or name in ("", ".", ".."):
        raise FormatProblem(f"{name[:80]!r} cannot be a file's name, so this tomogram cannot be sent")
    return name


def _ending(path: Path) -> str:
    return "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
