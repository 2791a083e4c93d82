# Every target prepares what it needs: the environment in .venv, then the pages, then the site.
# One thread for each process: two pages or two tests run side by side, and two runs agree.

export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
unexport PYTHONDONTWRITEBYTECODE # what is imported is compiled once, not in every process

.DEFAULT_GOAL := help
.NOTPARALLEL: # two builds would write to one folder
.PHONY: help book test serve notebooks browser pins benchmark claims clean

PYTHON ?= python3.11 python3.12 python3.13 python3
READY := .venv/.ready
RUN := .venv/bin/python

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

book: $(READY) ## execute the pages and build the site in _build/html
	@$(RUN) tools/book.py

test: $(READY) ## everything that guards the book: lint, tests, every notebook, the site
	@failed=; \
	.venv/bin/ruff check . || failed="$$failed, ruff check"; \
	.venv/bin/ruff format --check . || failed="$$failed, ruff format (mend: .venv/bin/ruff format .)"; \
	$(RUN) tools/book.py || failed="$$failed, make book"; \
	$(RUN) -m pytest -n 2 --dist loadscope --no-loadscope-reorder --ignore tests/browser \
		--nbval-lax --nbval-current-env --nbval-cell-timeout 300 book tests \
		|| failed="$$failed, pytest (if a printed result was meant to change: make notebooks)"; \
	if [ -n "$$failed" ]; then echo "Failed:$${failed#,}" >&2; exit 1; fi

serve: $(READY) ## serve the site on http://127.0.0.1:8000, rebuilt when a file is saved
	@$(RUN) tools/serve.py

notebooks: $(READY) ## regenerate the .ipynb beside each page, with what its cells print
	@$(RUN) tools/notebooks.py

browser: book ## look at the built site in Chromium, with the network cut off
	@$(RUN) -m pytest -n 2 tests/browser

pins: $(READY) ## recompute constraints.txt from requirements.txt
	@$(RUN) tools/pins.py

benchmark: $(READY) ## time the NumPy layers against torch's, convolutions too, search against its bare steps, scans against the loop
	@$(RUN) benchmarks/layers.py
	@$(RUN) benchmarks/convolution.py
	@$(RUN) benchmarks/scan.py
	@$(RUN) benchmarks/search.py

claims: $(READY) ## run what the book's sentences say, slow ones too, and note when each held
	@PYTHONPATH=book/_ext $(RUN) tools/claims.py

clean: ## remove what was built; the environment (.venv) stays
	rm -rf _build .pytest_cache .ruff_cache

$(READY): requirements.txt constraints.txt pyproject.toml tools/setup.py
	@for python in $(PYTHON); do \
		$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
			&& exec $$python tools/setup.py; \
	done; \
	echo "No suitable Python: the book needs 3.11, 3.12 or 3.13, and found none as $(PYTHON)." >&2; \
	echo "Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13;" >&2; \
	echo "others: https://www.python.org/downloads/. Elsewhere than on the PATH:" >&2; \
	echo "make book PYTHON=/where/it/is/python3" >&2; \
	exit 1
