"""The processes of agent-lightning as quietdown boots them: `python driver.py ROLE …`, one of those in `system.toml`."""

import atexit
import os
import signal
import sys
import threading
from pathlib import Path

# Before anything is imported: see `python` beside this file.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
HERE = str(Path(__file__).resolve().parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from drivers.command import main  # noqa: E402

if __name__ == "__main__":
    # What was started in the background of a shell ignores it, and so do its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    status = main(sys.argv[1:])
    # As the interpreter ends itself, but without taking 4600 modules apart one by one: in a child of a zygote that means to
    # copy all of their memory first, which takes seconds on a busy machine.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
