"""What can go wrong in a cycle, as problems that say what to do."""

from tomosift.kit.problems import ProblemError


def bad_settings(detail: str) -> ProblemError:
    """The cycle's settings cannot be."""
    return ProblemError(422, "bad-settings", "A setting of the cycle is wrong", f"{detail} Launch it again without it.")


def too_few_classes(names: list[str]) -> ProblemError:
    """Nothing to tell apart."""
    seen = f"All training labels are {names[0]}." if names else "There are no training labels."
    return ProblemError(
        422,
        "too-few-classes",
        "Training needs labels of two classes",
        f"{seen} Label more items, until at least two classes have one that is not in the evaluation sample, then "
        "launch the cycle again.",
    )


def diverged(detail: str) -> ProblemError:
    """The loss is no number."""
    return ProblemError(500, "training-diverged", "The training did not converge", f"{detail[0].upper()}{detail[1:]}.")


def volumes_missing(detail: str) -> ProblemError:
    """Voxels that the tables know are not in the volume store."""
    return ProblemError(
        500,
        "volumes-missing",
        "Volumes are missing from the store",
        f"{detail[0].upper()}{detail[1:]}. Check TOMOSIFT_STORE_URL and its disk, restore the store from a backup or "
        "import the source again, then launch the cycle again.",
    )


def mixed_boxes(sizes: list[int]) -> ProblemError:
    """Sources of different box sizes in one project."""
    return ProblemError(
        422,
        "mixed-box-sizes",
        "The pool has boxes of different sizes",
        f"A network takes boxes of one size; this pool has {' and '.join(map(str, sizes))} voxels. Import "
        "the particles of each size into a project of their own.",
    )


def empty_pool() -> ProblemError:
    """No subtomograms."""
    return ProblemError(
        422, "empty-pool", "There is nothing to score", "The project has no subtomograms. Import a particle list first."
    )


def out_of_memory() -> ProblemError:
    """The device's or the computer's memory is full, however small the batches."""
    return ProblemError(
        507,
        "out-of-memory",
        "There was not enough memory",
        "The memory was full even with small batches. Launch the cycle again with a smaller network.width or "
        "network.stem_stride 2, for instance with a preset that starts with cpu-.",
    )


def device_missing(detail: str) -> ProblemError:
    """The settings ask for a device that is not there."""
    return ProblemError(500, "device-missing", "The device is not available", f"{detail}.")
