"""The part of Tomosift that needs torch: networks, training, acquisition and the cycle."""
