"""A zygote for Python: imports what is expensive once, and forks a child for every process that is booted.

    python zygote.py [--import MODULE]…

It is started by the harness, which gives it one end of a socket pair (SOCK_SEQPACKET; its number is in QUIETDOWN_ZYGOTE)
and keeps room in the environment variable QUIETDOWN_RUN. Each message is one JSON object; docs/drivers.md has them all.

It needs Linux and Python 3.9, and nothing but the standard library.
"""

import builtins
import ctypes
import gc
import importlib
import importlib.machinery
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import types

MARK = b"QUIETDOWN_RUN="
PR_SET_PDEATHSIG = 1


class Room:
    """Where /proc/PID/environ has the mark: memory that a child may overwrite, so that it is found by its own mark."""

    def __init__(self):
        with open("/proc/self/stat", "rb") as stat:
            # Fields 50 and 51; the second, the name, may have anything in it.
            fields = stat.read().rpartition(b") ")[2].split()
        start, end = int(fields[47]), int(fields[48])
        block = ctypes.string_at(start, end - start)
        at = 0 if block.startswith(MARK) else block.find(b"\0" + MARK) + 1
        if not block.startswith(MARK, at):
            raise RuntimeError("QUIETDOWN_RUN is not in the environment block of this process")
        self.address = start + at
        self.size = block.index(b"\0", at) - at

    def fits(self, mark):
        return len(MARK) + len(os.fsencode(mark)) <= self.size

    def write(self, mark):
        ctypes.memmove(self.address, (MARK + os.fsencode(mark)).ljust(self.size, b"\0"), self.size)


def other_threads():
    """The names of all threads but this one, also of those that a library has started without Python."""
    named = {thread.native_id: thread.name for thread in threading.enumerate()}
    found = []
    for task in os.listdir("/proc/self/task"):
        if int(task) == threading.get_native_id():
            continue
        try:
            with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as comm:
                found.append(named.get(int(task)) or f"{comm.read().strip()} (started by a library)")
        except OSError:
            pass  # It has ended meanwhile.
    return sorted(found)


def refusal():
    names = other_threads()
    return names and "it runs threads, and a fork would lose them: " + ", ".join(names)


class Zygote:
    def __init__(self, channel):
        self.channel = channel
        self.room = Room()
        self.children = {}  # The pidfd of each child, and its process id.
        self.poll = select.poll()
        self.poll.register(channel, select.POLLIN)

    def tell(self, **message):
        self.channel.send(json.dumps(message).encode())

    def serve(self):
        """Never returns in the zygote itself; in each child it gives what the child is to run."""
        while True:
            for descriptor, _ in self.poll.poll():
                if descriptor != self.channel.fileno():
                    self.ended(descriptor)
                    continue
                message, descriptors, _, _ = socket.recv_fds(self.channel, 1 << 20, 8)
                if not message:
                    os._exit(0)  # The harness is gone. The children die with this process.
                request = json.loads(message)
                if "reap" in request:
                    self.reap(request["reap"])
                elif self.fork(request, descriptors):
                    return request

    def ended(self, pidfd):
        """Tells how a child has ended. It stays a zombie until the harness says `reap`: its process id is nobody else's until then."""
        self.poll.unregister(pidfd)
        info = os.waitid(os.P_PID, self.children[pidfd], os.WEXITED | os.WNOWAIT)
        code = {os.CLD_EXITED: info.si_status << 8, os.CLD_DUMPED: info.si_status | 0x80}.get(info.si_code, info.si_status)
        self.tell(ended=info.si_pid, status=code)

    def reap(self, pid):
        for pidfd in [pidfd for pidfd, child in self.children.items() if child == pid]:
            os.waitpid(pid, 0)
            os.close(pidfd)
            del self.children[pidfd]
        self.tell(reaped=pid)

    def fork(self, request, descriptors):
        """Forks, and says whether this is the child."""
        number = request["fork"]
        refused = refusal() or not self.room.fits(request["mark"]) and f"there is no room for the mark {request['mark']}"
        if refused:
            for descriptor in descriptors:
                os.close(descriptor)
            self.tell(fork=number, error=refused)
            return False
        sys.stdout.flush()
        sys.stderr.flush()
        zygote = os.getpid()
        try:
            pid = os.fork()
        except OSError as why:
            pid, refused = -1, f"fork: {why}"
        if pid == 0:
            self.become(request, descriptors, zygote)
            return True
        for descriptor in descriptors:
            os.close(descriptor)
        if refused:
            self.tell(fork=number, error=refused)
            return False
        try:
            # The child does it, too: whoever is first.
            os.setpgid(pid, pid)
        except OSError:
            pass
        pidfd = os.pidfd_open(pid)
        self.children[pidfd] = pid
        self.poll.register(pidfd, select.POLLIN)
        self.tell(fork=number, pid=pid)
        return False

    def become(self, request, descriptors, zygote):
        """In the child: what the kernel would have done for a process that is started."""
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != zygote:
            os._exit(1)  # It died before the line above.
        self.room.write(request["mark"])
        self.channel.close()
        for pidfd in self.children:
            os.close(pidfd)
        for target, descriptor in enumerate(descriptors):
            os.dup2(descriptor, target)
        for descriptor in descriptors:
            os.close(descriptor)
        os.environ.clear()
        # What a library has set by itself is in the C library's environment only.
        ctypes.CDLL(None).clearenv()
        os.environ.update(request["env"])
        os.chdir(request["cwd"])


def run(argv):
    """Runs a script, or a module after `-m`, as the interpreter does with its arguments."""
    interpreter = getattr(sys, "orig_argv", [sys.executable])[0]
    sys.orig_argv = [interpreter, *argv]
    if argv[0] == "-m" and len(argv) > 1:
        sys.argv = argv[1:]
        path = os.getcwd()
    else:
        sys.argv = argv
        path = os.path.dirname(os.path.realpath(argv[0]))
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, path)
    try:
        if argv[0] == "-m":
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            script = argv[0]
            module = types.ModuleType("__main__")
            module.__dict__.update(
                __file__=script,
                __cached__=None,
                __builtins__=builtins,
                __loader__=importlib.machinery.SourceFileLoader("__main__", script),
            )
            sys.modules["__main__"] = module
            try:
                with open(script, "rb") as file:
                    source = file.read()
            except OSError as error:
                why = f"[Errno {error.errno}] {error.strerror}"
                print(f"{interpreter}: can't open file {os.path.abspath(script)!r}: {why}", file=sys.stderr)
                sys.exit(2)
            exec(compile(source, script, "exec", dont_inherit=True), module.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        # Without this file's own frame, as if there were no zygote.
        error.__traceback__ = error.__traceback__.tb_next
        sys.excepthook(type(error), error, error.__traceback__)
        if isinstance(error, KeyboardInterrupt):
            # The interpreter ends itself by SIGINT then. It was told already.
            sys.excepthook = lambda *_: None
            raise KeyboardInterrupt from None
        sys.exit(1)


def main(arguments):
    modules = arguments[1::2]
    if len(arguments) % 2 or any(word != "--import" for word in arguments[::2]):
        sys.exit("usage: zygote.py [--import MODULE]…")
    if "QUIETDOWN_ZYGOTE" not in os.environ:
        sys.exit("zygote.py: QUIETDOWN_ZYGOTE is not set: it is started by quietdown")
    if sys.argv[0].startswith("/proc/self/fd/"):
        # The harness gives this very file as an open descriptor.
        os.close(int(sys.argv[0].rpartition("/")[2]))
    channel = socket.socket(fileno=int(os.environ.pop("QUIETDOWN_ZYGOTE")))
    channel.set_inheritable(False)
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # The folder of this file is nothing to import from.
    zygote = Zygote(channel)
    for module in modules:
        importlib.import_module(module)
    refused = refusal()
    if refused:
        zygote.tell(failed=refused)
        sys.exit(1)
    # Pages that the collector does not touch stay shared with the children.
    gc.collect()
    gc.freeze()
    zygote.tell(ready=True)
    return zygote.serve()["argv"]


if __name__ == "__main__":
    run(main(sys.argv[1:]))
