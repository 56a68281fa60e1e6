# Two commands do everything on a fresh machine: `make run` and `make test`.
# A stamp file in the virtual environment remembers which versions are installed, so
# nothing is reinstalled while requirements*.txt and constraints.txt stay the same.

PYTHON ?= python3
HOST   ?= 127.0.0.1
PORT   ?= 8501
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
RUN_STAMP := .venv/.installed-run
DEV_STAMP := .venv/.installed-dev

.PHONY: run test check format bench bench-gpu bench-peers load look fuzz audit checkpoints opening models lock outdated clean

run: $(RUN_STAMP)
	@echo "attnviz: http://$(HOST):$(PORT)"
	@$(BIN)/streamlit run app.py --server.address $(HOST) --server.port $(PORT) --server.headless true

# Three processes, each with a server and a Chromium of its own: a browser often waits. How the
# tests are dealt out to them: `Scheduling` in tests/conftest.py.
test: check
	@ATTNVIZ_CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" && export ATTNVIZ_CHROMIUM \
		&& $(BIN)/python -m pytest -n 3 --durations=20 --cov

check: $(DEV_STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tests.check_scripts

format: $(DEV_STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# All parts, or with ONLY="head_change rerun" these anew; what the others found is kept.
bench: $(DEV_STAMP)
	@CUDA_VISIBLE_DEVICES= ATTNVIZ_CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" $(BIN)/python -m benchmarks.ratios $(ONLY)

# Where torch sees an accelerator; about two minutes.
bench-gpu: $(DEV_STAMP)
	@$(BIN)/python -m benchmarks.gpu && $(BIN)/python -m benchmarks.gpu_page

# Other tools, in a folder of their own that nothing else looks into; torch comes from .venv.
PEERS := bertviz==1.4.1 circuitsvis==1.43.3 attnview==0.5.1 importlib_metadata==8.7.0
bench-peers: .venv-peers/.installed
	@ATTNVIZ_CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" $(BIN)/python -m benchmarks.peers $(ARGS)

.venv-peers/.installed: | $(DEV_STAMP)
	@$(PIP) install --quiet --upgrade --no-deps --target .venv-peers $(PEERS)
	@touch $@

load: $(DEV_STAMP)
	@$(BIN)/python -m benchmarks.load --sessions 200 --json /tmp/attnviz-load.json --repeat 5

look: $(DEV_STAMP)
	@ATTNVIZ_CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" $(BIN)/python -m tests.look --only '$(ONLY)'

fuzz: $(DEV_STAMP)
	@ATTNVIZ_FUZZ_CASES=300 $(BIN)/python -m pytest tests/fuzz/test_core.py tests/fuzz/test_corpus.py \
		tests/test_link.py tests/test_state_link.py tests/test_lessons.py
	@ATTNVIZ_CHROMIUM="$$($(BIN)/python tests/find_chromium.py)" ATTNVIZ_FUZZ_CASES=40 \
		$(BIN)/python -m pytest tests/fuzz/test_pages.py tests/browser/test_fuzz.py

audit: $(DEV_STAMP)
	@$(PIP) install --quiet -c constraints.txt pip-audit==2.10.1
	@$(BIN)/pip-audit --skip-editable

models: $(DEV_STAMP)
	@$(BIN)/python -m tests.families_table

checkpoints: $(RUN_STAMP)
	@$(BIN)/python -m attnviz.training.ship

opening: $(RUN_STAMP)
	@$(BIN)/python -m attnviz.lessons.ship

# The pins of requirements*.txt, without constraints, and then every version that came.
lock: | $(BIN)/python
	@$(PIP) install --quiet -r requirements-dev.txt
	@$(BIN)/python -m tests.lock > .venv/constraints.txt && mv .venv/constraints.txt constraints.txt
	@touch $(RUN_STAMP) $(DEV_STAMP)

# What has moved since constraints.txt was written; asks the package index.
outdated: $(DEV_STAMP)
	@$(PIP) list --outdated

clean:
	rm -rf .venv .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

$(BIN)/python:
	$(PYTHON) -m venv .venv

$(RUN_STAMP): requirements.txt constraints.txt pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -c constraints.txt -r requirements.txt -e '.[notebook]'
	@touch $@

$(DEV_STAMP): requirements.txt requirements-dev.txt constraints.txt pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -c constraints.txt -r requirements-dev.txt -e '.[notebook]'
	@touch $(RUN_STAMP) $@
