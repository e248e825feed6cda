# Everything here works from a fresh clone where only Python 3.11+ and make exist; `make help` lists it.
# Another Python: make test PYTHON=python3.13

# The first Python that is new enough.
PYTHON ?= $(or $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done),python3)
VENV   ?= .venv
JOBS   ?= 2
FOLDER ?= learnnn-course
BIN     = $(VENV)/bin
PIP     = $(BIN)/python -m pip --disable-pip-version-check --no-input

# One thread of BLAS: lessons print the same digits everywhere, and tests side by side do not fight for cores.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1

NBVAL = --nbval --nbval-current-env --nbval-cell-timeout=120
TEST  = $(BIN)/python -m pytest -q

.DEFAULT_GOAL := help
.PHONY: help learn test test-fast test-parity lint notebooks gallery bench wheel browser stats clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "learnnn needs Python 3.11 or newer as $(PYTHON): make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "no venv module: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.learn: pyproject.toml | $(BIN)/python
	$(PIP) install -q -e ".[notebooks]"
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(PIP) install -q -e ".[dev]"
	@touch $@ $(VENV)/.learn

$(VENV)/.torch: $(VENV)/.dev
	$(PIP) install -q torch==2.13.0
	@touch $@

$(VENV)/.bench: $(VENV)/.torch
	$(PIP) install -q -e ".[bench]"
	@touch $@

learn: $(VENV)/.learn  ## install, lay the lessons out in learnnn-course/ and open them in JupyterLab
	$(BIN)/learnnn start $(FOLDER)

test: $(VENV)/.dev browser  ## every test: units, doctests, lessons, browser (and PyTorch's numbers where it is installed)
	$(TEST) -n $(JOBS) --dist loadscope $(NBVAL) tests learnnn chapters/solved

test-fast: $(VENV)/.dev  ## the tests to run while you work (under 90 s)
	$(TEST) -n $(JOBS) --dist loadscope -m "not slow and not browser and not parity"

test-parity: $(VENV)/.torch  ## the same numbers as PyTorch (installs it: large)
	$(TEST) -m parity

lint: $(VENV)/.dev  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/mypy

notebooks: $(VENV)/.dev  ## build both notebooks of every lesson from chapters/source
	$(BIN)/python -m learnnn.course.build

bench: $(VENV)/.bench  ## time against PyTorch and the other numpy frameworks
	$(BIN)/python benchmarks/run.py --picture benchmarks/results/latest.svg --markdown benchmarks/results/latest.md
	$(BIN)/python benchmarks/promises.py

wheel: $(VENV)/.dev  ## the wheel, lessons inside
	$(BIN)/python -m build --wheel

browser:
	@sh tests/browser/get_chromium.sh

gallery: $(VENV)/.dev  ## docs/GALLERY.md, docs/gallery.ipynb and build/gallery.html: every inspection, still and live
	$(BIN)/python docs/build_gallery.py

stats: $(BIN)/python  ## lines of code and lengths of functions, held against what they should be
	@$(BIN)/python tests/stats.py

clean:  ## remove what the targets above made (never a learner's work)
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
