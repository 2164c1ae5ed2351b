# Every target makes the virtual environment that it needs; nothing else has to be set up.
VENV ?= .venv
MINUTES ?= 2
BOOKS ?= 2000
SEED ?= 1
AXE := 4.14.1
PYTHON := $(VENV)/bin/python

PYTEST := $(PYTHON) -m pytest -n 2

# Without compiled files each of the processes that a run or a test starts compiles all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all fuzz check bench soak clean
.NOTPARALLEL:

demo: $(VENV)/runtime
	$(PYTHON) -m engine demo

# Random exports of a sample book: `make fuzz BOOKS=500 SEED=7`.
fuzz: $(VENV)/tools
	BOOKS=$(BOOKS) SEED=$(SEED) $(PYTHON) -m tests.fuzz

test: $(VENV)/tools
	$(PYTEST) -m "not thorough" --dist loadgroup --no-loadscope-reorder

# `test` comes first, once, also when both are asked for (`make test test-all`).
test-all: test
	$(PYTEST) -m "thorough and not alone" --dist loadgroup --no-loadscope-reorder
	$(PYTEST) -m "thorough and alone" --dist loadfile
	$(PYTHON) -m tests.soak $(MINUTES)

check: $(VENV)/tools
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest tests/test_architecture.py

soak: $(VENV)/tools
	$(PYTHON) -m tests.soak $(MINUTES)

bench: $(VENV)/tools
	$(PYTHON) -m tests.benchmarks

$(VENV)/runtime: requirements.txt
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/tools: $(VENV)/runtime tests/requirements.txt
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	npm install --silent --no-audit --no-fund --prefix $(VENV)/node axe-core@$(AXE)
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
