"""Figures in sentences for people, written as the interface writes them."""


def percent(share: float) -> str:
    """A share of 0 to 1: `84 %`."""
    return f"{100 * share:.0f} %"
