"""The loop with nobody at the keyboard: a simulated annotator, chosen picks beside random ones (`tomosift demo`)."""

from tomosift.demo_loop.loop import DemoFailed, DemoOptions, run_demo

__all__ = ["DemoFailed", "DemoOptions", "run_demo"]
