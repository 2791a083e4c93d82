# Every target prepares what it needs: the environment in .venv, then the pages, then the site.
# One thread for each process: two pages or two tests run side by side, and two runs agree.

export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export MAKECMDGOALS # a tool that waits for another says for which
unexport PYTHONDONTWRITEBYTECODE # what is imported is compiled once, not in every process

# Where nothing can be written at home, what programs keep there has a place here
AWAY := $(CURDIR)/_build/home
ifneq ($(shell test -w "$$HOME" && echo yes || mkdir -p "$(AWAY)"),yes)
export XDG_CACHE_HOME := $(AWAY)
export MPLCONFIGDIR := $(AWAY)/matplotlib
export IPYTHONDIR := $(AWAY)/ipython
export JUPYTER_RUNTIME_DIR := $(AWAY)/jupyter
export KERAS_HOME := $(AWAY)/keras
endif

.DEFAULT_GOAL := help
.NOTPARALLEL: # two builds would write to one folder
.PHONY: help book test unit serve notebooks browser colab wheel offline pdf epub release versions hub claims mutants pins benchmark sheet grade clean always

PYTHON ?= .venv/bin/python python3.11 python3.12 python3.13 python3
READY := .venv/.ready
RUN := .venv/bin/python
TOOL := $(RUN) tools
PYTEST := $(RUN) -m pytest -n 2 --dist loadscope --no-loadscope-reorder

# A recipe of several checks runs all of them, and says at the end which failed
LINT = failed=; \
	.venv/bin/ruff check . || failed="$$failed, ruff check"; \
	.venv/bin/ruff format --check . || failed="$$failed, ruff format (mend: .venv/bin/ruff format .)"; \
	.venv/bin/mypy || failed="$$failed, mypy"
VERDICT = if [ -n "$$failed" ]; then echo "Failed:$${failed\#,}" >&2; exit 1; fi

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

book: $(READY) ## execute the pages and build the site in _build/html
	@$(TOOL) book

unit: $(READY) ## the short way round: lint, types, unit tests, equation checks
	@$(LINT); \
	$(PYTEST) tests/unrolled tests/equations || failed="$$failed, pytest"; \
	$(VERDICT)

test: $(READY) ## all that guards the book: also every notebook and the site
	@$(LINT); \
	PYTHONPATH=tools $(PYTEST) -p nbval_results \
		--nbval-lax --nbval-current-env --nbval-cell-timeout 600 book \
		|| failed="$$failed, nbval (if a printed result was meant to change: make notebooks)"; \
	$(TOOL) book || failed="$$failed, make book"; \
	$(PYTEST) --ignore tests/browser tests || failed="$$failed, pytest"; \
	$(VERDICT)

serve: $(READY) ## serve the site here, rebuilt when a file is saved (PORT=8000)
	@$(TOOL) serve

notebooks: $(READY) ## build the book, then write the two notebooks beside each page
	@$(TOOL) notebooks

browser: $(READY) ## look at the built site in Chromium, with the network cut off
	@$(TOOL) chromium
	@$(TOOL) book
	@$(RUN) -m pytest -n 2 tests/browser

colab: ## run the notebooks with a host's NumPy and PyTorch
	@python3.12 tools/try_colab.py

offline: $(READY) ## the site as one zip, to be read without network or server
	@$(TOOL) book
	@$(TOOL) offline

pdf: $(READY) ## print the book, in _build/pdf (CHAPTER=bptt: one chapter)
	@$(TOOL) chromium
	@$(TOOL) book
	@CHAPTER="$(CHAPTER)" $(TOOL) pdf

epub: $(READY) ## the book for e-book readers, in _build/epub
	@$(TOOL) book
	@$(TOOL) epub

release: $(READY) ## what a release has, in _build/release (TAG=v1.2.3)
	@$(TOOL) book
	@$(TOOL) pdf
	@$(TOOL) epub
	@TAG="$(TAG)" $(TOOL) release

versions: $(READY) ## the site with the releases of FROM=folder (offline zips)
	@$(TOOL) book
	@$(TOOL) versions "$(FROM)" _build/published

wheel: $(READY) ## build the package, install it with NumPy alone, run every layer
	@$(TOOL) try_wheel

hub: $(READY) ## send a problem set once round a JupyterHub on this machine
	@$(TOOL) try_hub

pins: $(READY) ## recompute constraints.txt (UPGRADE=1: all at their newest)
	@$(TOOL) pins

benchmark: $(READY) ## time layers, convolutions, scans and search against torch's
	@$(RUN) benchmarks/layers.py
	@$(RUN) benchmarks/convolution.py
	@$(RUN) benchmarks/scan.py
	@$(RUN) benchmarks/search.py

claims: $(READY) ## run what the book's sentences say, the slow ones too
	@PYTHONPATH=book/_ext $(TOOL) claims

mutants: $(READY) ## change the package at 400 places: do its tests notice?
	@$(TOOL) mutants

sheet: $(READY) ## a set's notebook for students (SET=gates KEY=key.txt)
	@$(RUN) -m unrolled.grading sheet "$(SET)" --key "$(KEY)"

grade: $(READY) ## grade submissions (SET=gates KEY=key.txt FROM=folder-or-zip)
	@$(RUN) -m unrolled.grading grade "$(SET)" "$(FROM)" --key "$(KEY)"

clean: ## remove what was built; the environment (.venv) stays
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache

# With PYTHON=… given, tools/environment.py sees each time whether .venv was made with that one
ASKED := $(if $(filter-out file,$(origin PYTHON)),always)

$(READY): requirements.txt constraints.txt pyproject.toml tools/environment.py $(ASKED)
	@for python in $(PYTHON); do \
		$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
			&& exec $$python tools environment; \
	done; \
	echo "No suitable Python: the book needs 3.11, 3.12 or 3.13, and found none as $(PYTHON)." >&2; \
	echo "Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13;" >&2; \
	echo "others: https://www.python.org/downloads/. Elsewhere than on the PATH:" >&2; \
	echo "make book PYTHON=/where/it/is/python3" >&2; \
	exit 1
