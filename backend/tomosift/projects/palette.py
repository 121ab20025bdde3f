"""Colours for classes that people with any colour vision can tell apart; the last eight are shades of the first.

The first seven are Okabe and Ito's (Color Universal Design, 2008), black left out.
"""

from collections.abc import Collection

PALETTE = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#f0e442",
    "#8c6bb1",
    "#004c78",
    "#9a6a00",
    "#00634a",
    "#8a4a6e",
    "#9fd5f3",
    "#f29a5c",
    "#b5aa1e",
    "#5a3f7d",
)


def next_color(used: Collection[str]) -> str:
    """The first colour of the palette that is not in use; when all are, the one that was used least."""
    taken = [color.lower() for color in used]
    return min(PALETTE, key=lambda color: (taken.count(color), PALETTE.index(color)))
