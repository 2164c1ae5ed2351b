# Every target makes the virtual environment that it needs; nothing else has to be set up.
VENV ?= .venv
MINUTES ?= 2
AXE := 4.14.1
PYTHON := $(VENV)/bin/python

.PHONY: demo test check bench soak clean

demo: $(VENV)/runtime
	$(PYTHON) -m engine demo

test: $(VENV)/tools
	$(PYTHON) -m pytest -m "not alone" -n 2
	$(PYTHON) -m pytest -m alone -n 2 --dist loadfile

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
