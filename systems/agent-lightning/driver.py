"""The processes of agent-lightning as quietdown boots them: `python driver.py ROLE …`, one of those in `system.toml`."""

import os
import signal
import sys
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
    sys.exit(main(sys.argv[1:]))
