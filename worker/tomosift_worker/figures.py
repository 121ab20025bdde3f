"""Figures in sentences for people, written as the interface writes them: `84 %`, `−3.0 points`."""


def percent(share: float, digits: int = 0) -> str:
    """A share of 0 to 1: `84 %`."""
    return f"{100 * share:.{digits}f} %"


def points(difference: float) -> str:
    """A difference of two shares, in percentage points and with its sign: `+9.4 points`, `−3.0 points`."""
    return f"{100 * difference:+.1f} points".replace("-", "−")
