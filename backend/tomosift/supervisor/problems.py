"""Why the program cannot start or go on, in words for the person at the terminal."""


class StartProblem(RuntimeError):
    """The program cannot start as it is set up. `message` says what is wrong, `advice` what to do about it."""

    exit_code = 2

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(f"{message} {advice}")
        self.message, self.advice = message, advice


class ServiceProblem(StartProblem):
    """A part of the running program keeps failing."""

    exit_code = 1


class StopRequested(KeyboardInterrupt):
    """SIGINT, SIGTERM or SIGHUP asked the program to stop.

    A KeyboardInterrupt, because libraries in the middle of something (psycopg) clean up after one.
    """
