"""Telling that memory ran out, whatever the device calls it, and going on with smaller batches."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

Result = TypeVar("Result")

# The CPU allocator and Apple's raise a plain RuntimeError.
_PLAIN_WORDS = ("out of memory", "can't allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the device's or the computer's memory is full."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _PLAIN_WORDS)


def with_smaller_batches(
    work: Callable[[int], Result], batch_size: int, smallest: int, on_halved: Callable[[int], None]
) -> Result:
    """`work(batch_size)`; when memory runs out, again with half the size, down to `smallest`.

    `on_halved` hears each new size. Raises what `work` raises last.
    """
    while True:
        try:
            return work(batch_size)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error) or batch_size // 2 < smallest:
                raise
        # Outside the handler: until it has ended, its traceback keeps the tensors of the failed try.
        batch_size //= 2
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        on_halved(batch_size)
