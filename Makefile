# Two commands do everything on a fresh machine: `make run` and `make test`.
# A stamp file in the virtual environment remembers which pins are installed,
# so nothing is reinstalled while requirements*.txt stay the same.

PYTHON ?= python3
HOST   ?= 127.0.0.1
PORT   ?= 8501
BIN    := .venv/bin
RUN_STAMP := .venv/.installed-run
DEV_STAMP := .venv/.installed-dev

.PHONY: run test check format bench load look fuzz audit checkpoints clean

run: $(RUN_STAMP)
	@echo "attnviz: http://$(HOST):$(PORT)"
	@$(BIN)/streamlit run app.py --server.address $(HOST) --server.port $(PORT) --server.headless true

test: check
	@ATTNVIZ_CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" && export ATTNVIZ_CHROMIUM \
		&& $(BIN)/python -m pytest --cov

check: $(DEV_STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(DEV_STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(DEV_STAMP)
	@ATTNVIZ_CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" $(BIN)/python -m benchmarks.ratios

load: $(DEV_STAMP)
	@$(BIN)/python -m benchmarks.load --sessions 200 --json /tmp/attnviz-load.json --repeat 5

look: $(DEV_STAMP)
	@ATTNVIZ_CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" $(BIN)/python -m tests.look

fuzz: $(DEV_STAMP)
	@ATTNVIZ_FUZZ_CASES=300 $(BIN)/python -m pytest tests/fuzz/test_core.py tests/fuzz/test_corpus.py
	@ATTNVIZ_CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" ATTNVIZ_FUZZ_CASES=40 \
		$(BIN)/python -m pytest tests/fuzz/test_pages.py tests/browser/test_fuzz.py

audit: $(DEV_STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@$(BIN)/pip-audit --skip-editable

checkpoints: $(RUN_STAMP)
	@$(BIN)/python -m attnviz.training.ship

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

$(BIN)/python:
	$(PYTHON) -m venv .venv

$(RUN_STAMP): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(DEV_STAMP): requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(RUN_STAMP) $@
