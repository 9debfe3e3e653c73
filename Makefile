# Each target builds .venv from the lock when it is missing or stale. Needs only python3 (3.11+, with venv), git and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
WORKERS ?= 5
# Plugins that came with other packages: nobody asks them, and every test would.
UNASKED := -p no:textual-snapshot -p no:syrupy -p no:anyio -p no:platformdirs
# Byte code is kept, whatever the shell says: every start and every test process would compile again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: drill test check bench pictures format clean

drill: $(READY)
	@$(BIN)/vigie drill

test: $(READY)
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal $(UNASKED)

check: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pytest --collect-only -qq >/dev/null & collecting=$$!; $(BIN)/mypy && wait $$collecting
	@$(BIN)/lint-imports

bench: $(READY)
	@$(BIN)/python -m tests.bench

pictures: $(READY)
	@$(BIN)/python -m tests.pictures

format: $(READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Vigie needs Python 3.11 or newer; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "Building .venv from the lock (once, about a minute) ..."
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q operations runbooks tests tui
	@touch $(READY)
