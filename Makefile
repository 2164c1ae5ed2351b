# Every target makes the virtual environment that it needs; nothing else has to be set up.
VENV ?= .venv
MINUTES ?= 2
BOOKS ?= 2000
SEED ?= 1
AXE := 4.14.1
UV := 0.13.9
PIP_AUDIT := 2.10.1
PYTHON := $(VENV)/bin/python

# One thread of linear algebra for each process, as in Ray's workers: two processes of two threads wait for each other.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PYTHON) -m pytest -n 2 --durations 20 --durations-min 5

# What `check` runs need not run again when both are asked for.
CHECKED := $(if $(filter check,$(MAKECMDGOALS)),--ignore tests/test_architecture.py)

# A lock is complete, so nothing besides is resolved or installed, and each file must have a hash that the lock names.
# What the product runs on is compiled by all CPUs; what is for tests alone is compiled when it is first imported.
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile

LOCK := $(VENV)/supply/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --no-strip-extras --custom-compile-command "make lock"

# Without compiled files each of the processes that a run or a test starts compiles all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all fuzz check lock audit bench bench-scale bench-others soak clean
.NOTPARALLEL:

demo: $(VENV)/runtime
	$(PYTHON) -m engine demo

# Random exports of a sample book: `make fuzz BOOKS=500 SEED=7`.
fuzz: $(VENV)/tools
	BOOKS=$(BOOKS) SEED=$(SEED) $(PYTHON) -m tests.fuzz

# Asked for together with `test-all`, which has all of its tests besides others, it leaves them to that.
test: $(VENV)/tools
ifeq ($(filter test-all,$(MAKECMDGOALS)),)
	$(PYTEST) -m "not thorough" --dist loadgroup --no-loadscope-reorder
endif

# One session for all but what wants the machine for itself, so that what is shared by many tests is made once.
# Some of the thorough tests wait for a store or a lease, so that a third process has time to compute.
test-all: $(VENV)/tools
	$(PYTEST) -n 3 -m "not (thorough and alone)" --dist loadgroup --no-loadscope-reorder $(CHECKED)
	$(PYTEST) -m "thorough and alone" --dist loadfile --no-loadscope-reorder
	$(PYTHON) -m tests.soak $(MINUTES)

check: $(VENV)/tools
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest tests/test_architecture.py

# `make soak MINUTES=20 SERVICES=1`: on PostgreSQL that is restarted and object storage that fails.
soak: $(VENV)/tools
	$(PYTHON) -m tests.soak $(MINUTES) $(if $(SERVICES),--services)

bench: $(VENV)/tools
	$(PYTHON) -m tests.benchmarks

# Both write tests/benchmarks/README.md. `make bench-scale BOOKS_AT=FOLDER` keeps the books that it makes.
bench-scale: $(VENV)/tools
	$(PYTHON) -m tests.benchmarks.scale $(if $(BOOKS_AT),--data $(BOOKS_AT))

bench-others: $(VENV)/tools
	$(PYTHON) -m tests.benchmarks.others

# After a change of the dependencies in pyproject.toml; `make lock UPGRADE=--upgrade` takes the newest of all others too.
# The tests' lock has the runtime's releases besides, so that both are installed side by side.
lock: $(VENV)/supply
	$(LOCK) $(UPGRADE) --group runtime --group tests --output-file tests/requirements.txt
	$(LOCK) $(UPGRADE) --group runtime --constraint tests/requirements.txt --output-file requirements.txt

# Known vulnerabilities of what is locked. One that can't be mended is listed here with its reason, as
# `--ignore-vuln ID`; none is. `--strict`: a registry that can't be asked about a release is a failure, not a pass.
audit: $(VENV)/supply
	$(VENV)/supply/bin/pip-audit --strict --disable-pip --require-hashes -r tests/requirements.txt

$(VENV)/runtime: requirements.txt
	python3 -m venv $(VENV)
	$(INSTALL) -r requirements.txt
	$(PYTHON) -m compileall -q -j 0 $(VENV)/lib
	touch $@

$(VENV)/tools: $(VENV)/runtime tests/requirements.txt
	$(INSTALL) -r tests/requirements.txt
	npm install --loglevel=error --prefer-offline --no-audit --no-fund --prefix $(VENV)/node axe-core@$(AXE)
	touch $@

# The tools of `lock` and `audit` are apart: they are not what the product or its tests run on.
$(VENV)/supply:
	python3 -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check uv==$(UV) pip-audit==$(PIP_AUDIT)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
