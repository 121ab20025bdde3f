"""Start one program so that it cannot outlive the process that asked for it.

Run as a script, `python -I -S launcher.py [options] -- program arguments…`, and made of the standard library alone:
it becomes the program by `exec`, so the program is a direct child of the supervisor, and nothing of Python stays in
memory. A separate script, rather than `preexec_fn`, because Python code between fork and exec can dead-lock.

Linux: the kernel sends `--death-signal` when the parent ends, however it ends (prctl(2), PR_SET_PDEATHSIG). The kernel
means the parent *thread*, so start programs from a thread that lives as long as the parent.
Elsewhere (`--guard`): the launcher stays, watches its standard input (a pipe from the parent), and ends the program
when the pipe closes.

`--not-as-root` is for PostgreSQL, which refuses to run as root. A new user namespace makes the user look like somebody
without rights while the files keep their owner; where namespaces are forbidden, the user becomes `--fallback-uid`.
"""

import argparse
import ctypes
import os
import select
import signal
import subprocess
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
CANNOT_LAUNCH = 126
STOP_GRACE_SECONDS = 5.0


def leave_root(fallback_uid: int | None, fallback_gid: int | None) -> None:
    """Stop looking like root: by a user namespace, or by becoming the fallback user."""
    if sys.platform == "linux" and fallback_uid is None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "this system does not allow a user namespace")
        return
    if fallback_uid is None or fallback_gid is None:
        raise OSError("no user to run as was given")
    os.setgroups([])
    os.setgid(fallback_gid)
    os.setuid(fallback_uid)


def end_with_parent(death_signal: int, parent: int) -> None:
    """Ask the kernel for `death_signal` when the parent ends. Any change of user before this would clear it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_PDEATHSIG was refused")
    if os.getppid() != parent:
        sys.exit(CANNOT_LAUNCH)  # the parent ended before the kernel knew of our wish


def guard(command: list[str], death_signal: int) -> int:
    """Run `command`, pass signals on, and end it when standard input closes; returns its exit status."""
    program = subprocess.Popen(command, close_fds=False)  # shares the pipe: a Python program may watch it too
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: program.send_signal(received))
    while program.poll() is None:
        readable, _, _ = select.select([sys.stdin.fileno()], [], [], 0.2)
        if readable and not os.read(sys.stdin.fileno(), 1):
            program.send_signal(death_signal)
            try:
                program.wait(STOP_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                program.kill()
            break
    status = program.wait()
    return status if status >= 0 else 128 - status


def main() -> int:
    """Parse the options, prepare this process, become the program."""
    parser = argparse.ArgumentParser(prog="launcher")
    parser.add_argument("--death-signal", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--guard", action="store_true")
    parser.add_argument("--not-as-root", action="store_true")
    parser.add_argument("--fallback-uid", type=int)
    parser.add_argument("--fallback-gid", type=int)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    try:
        if options.not_as_root and os.geteuid() == 0:
            leave_root(options.fallback_uid, options.fallback_gid)
        if options.guard:
            return guard(options.command, options.death_signal)
        end_with_parent(options.death_signal, options.parent)
        os.execv(options.command[0], options.command)  # noqa: S606 - no shell is wanted
    except OSError as problem:
        print(f"cannot start {options.command[0]}: {problem}", file=sys.stderr)  # noqa: T201
        return CANNOT_LAUNCH


if __name__ == "__main__":
    sys.exit(main())
