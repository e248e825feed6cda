"""For `pytest --nbval chapters/solved`: one thread of BLAS, and a fresh folder for what the lessons keep."""

import os
import tempfile

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
os.environ["LEARNNN_HOME"] = tempfile.mkdtemp(prefix="learnnn-mine-")
