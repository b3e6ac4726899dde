# Two commands do everything on a fresh machine: `make repro` and `make test`.
# VENV: where the virtual environment is made (5 GB).  PYTHON: what makes it (3.11 or newer).
VENV ?= .venv
PYTHON ?= python3
BIN := $(abspath $(VENV))/bin
READY := $(VENV)/.ready
REFERENCE := $(VENV)/reference/.ready
LOCK := .dvc/tmp/repro.lock
export PATH := $(BIN):$(PATH)
export PYTHONUNBUFFERED := 1

# The rows of Tables 3 and 6 that the paper's author published models of.
PUBLISHED := released_bag,released_bag_waveform,released_bag_hybrid,released_mdx

.PHONY: benchmarks released repro test test-rehearsal test-slurm test-slow lint format setup

repro: $(READY)  ## everything: data, models, scores, tables, figures, listening sets
	@mkdir -p .dvc/tmp
	@flock -n $(LOCK) true || echo "another \`make repro\` is at work in this checkout: waiting for it"
	flock -o $(LOCK) dvc --wait-for-lock repro $(TARGETS)

released: $(READY)  ## the paper's numbers without training, on MUSDB18-HQ (MUSDB_ROOT): hours first, then scores
	hdemucs preflight --scale released $(shell echo $(PUBLISHED) | tr , ' ')
	dvc exp run -S scale=released -S 'study=[$(PUBLISHED)]'

# ARGS: what to tell pytest, such as a file; then that alone is tested.
test: $(READY) $(REFERENCE)  ## what separation, a metric and a listening test are; a cluster, where one can be had
	tests/system.sh chromium firefox-esr pulseaudio
	OMP_NUM_THREADS=1 pytest -n 2 --dist loadfile --durations=15 $(ARGS)
	$(if $(ARGS),,$(MAKE) test-rehearsal test-slurm)

test-rehearsal: $(READY)  ## the paper's scale from data to verdict, on a stand-in of MUSDB18-HQ
	OMP_NUM_THREADS=1 pytest -m rehearsal --durations=5 tests/rehearsal

test-slurm: $(READY)  ## every fault of a cluster, on a real one that this starts and stops
	OMP_NUM_THREADS=1 pytest -m slurm -rs --durations=5 tests/slurm $(ARGS)

test-slow: $(READY)  ## the long versions of the tests
	tests/system.sh chromium firefox-esr pulseaudio
	pytest -m slow $(ARGS)

benchmarks: $(READY)  ## every page of reports/benchmarks/, measured on this machine
	hdemucs bench all

lint: $(READY)
	ruff format --check .
	ruff check .
	mypy
	lint-imports

format: $(READY)
	ruff format .
	ruff check --fix .

setup: $(READY)

# The stamp is newer than the lock: everything in it is installed.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# Published implementations that tests compare with, each in a folder of its own.
$(REFERENCE): tests/reference/requirements.txt $(READY)
	rm -rf $(VENV)/reference
	grep -v '^#' $< | while IFS== read -r name _ version; do \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
			--target "$(VENV)/reference/$$name" "$$name==$$version" || exit 1; done
	touch $@
