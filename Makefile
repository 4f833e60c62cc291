# Rollbook's workshop. `make help` lists what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint format coverage pictures faults machines fuzz bench bench-postgres bench-peers bench-full bench-pages growth growth-postgres nation wrk docs words wheel requirements clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/runtime.done ## Install, and start a server with a believable district in it
	$(BIN)/rollbook demo

test: $(VENV)/dev.done $(VENV)/strace.tried $(VENV)/postgresql.tried $(VENV)/chromium.tried ## Install, and run every test (a few minutes)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: $(VENV)/dev.done ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev.done ## Mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: $(VENV)/dev.done $(VENV)/postgresql.tried $(VENV)/chromium.tried ## Run every test and show what none of them reaches
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

pictures: $(VENV)/dev.done $(VENV)/chromium.tried ## Take the README's pictures of the demonstration anew
	ROLLBOOK_PICTURES=1 $(BIN)/python -m pytest tests/browser/test_pictures.py -q

faults: $(VENV)/dev.done $(VENV)/strace.tried $(VENV)/postgresql.tried ## Bring every fault about, at length: 200 kills, full disks, lost power (45 minutes)
	ROLLBOOK_FAULTS_LONG=1 ROLLBOOK_FAULTS_FIGURES=build/faults.json \
		$(BIN)/python -m pytest tests/faults -s -q
	PYTHONPATH=tests $(BIN)/python -m faults.picture build/faults.json docs/pictures/restarts.svg

machines: $(VENV)/dev.done $(VENV)/postgresql.tried ## Type docs/operations.md on five machines of namespaces, and have them fail (root; ten minutes)
	apt-get install --yes --no-install-recommends nginx-light caddy pgbouncer patroni etcd-server etcd-client pgbackrest ssl-cert iproute2
	ROLLBOOK_FAULTS_LONG=1 $(BIN)/python -m pytest tests/deploy/test_several.py -s -q

fuzz: $(VENV)/dev.done $(VENV)/fuzz.done ## Feed the parsers bytes, guided by coverage (10 minutes each)
	PYTHONPATH=src:tests $(BIN)/python -m fuzz

bench: $(VENV)/bench.done wrk ## Measure reading and saving rolls beside floors and a peer (two minutes)
	$(BIN)/python -m benchmarks

bench-postgres: $(VENV)/bench.done $(VENV)/postgresql.tried wrk ## Measure the same on PostgreSQL, beside a file and pgbench (two minutes)
	$(BIN)/python -m benchmarks.postgres

bench-peers: $(VENV)/bench.done $(VENV)/postgresql.tried wrk ## Measure PostgreSQL beside pgbench and two peers (four minutes)
	$(BIN)/python -m benchmarks --postgres

bench-full: $(VENV)/bench.done wrk growth ## Measure it all: longer runs, growth, a large roster (an hour)
	$(BIN)/python -m benchmarks --seconds 10
	$(BIN)/python -m benchmarks.roster
	$(BIN)/python -m benchmarks.marks_csv
	$(BIN)/python -m benchmarks.plots

bench-pages: $(VENV)/dev.done ## Measure how long pages take and how heavy they are (a minute)
	$(BIN)/python -m benchmarks.pages

growth: $(VENV)/bench.done wrk ## Measure the same at 1, 10 and 100 million marks (20 minutes, 12 GB)
	$(BIN)/python -m benchmarks.growth

growth-postgres: $(VENV)/bench.done $(VENV)/postgresql.tried wrk ## Measure growth on PostgreSQL (20 minutes, 25 GB)
	$(BIN)/python -m benchmarks.growth --postgres

nation: $(VENV)/bench.done ## Save the roll of 1.67 million sections and look for every mark (16 GB)
	$(BIN)/python -m benchmarks.nation

# The load generator is Debian's; as root it can be fetched, otherwise the message says what to do.
wrk:
	@command -v wrk >/dev/null || { test $$(id -u) = 0 && \
		apt-get update -q && apt-get install -qy wrk; } || \
		{ echo "The measurements need wrk: apt-get install wrk"; exit 1; }

docs: $(VENV)/dev.done ## Write docs/settings.md and docs/cli.md from the code
	$(BIN)/python docs/generate.py

words: $(VENV)/dev.done ## Bring the catalogues of the pages' words up to date
	$(BIN)/python docs/words.py

wheel: $(VENV)/dev.done ## Build dist/: the wheel, the source archive, and what they need, pinned
	rm -rf dist
	$(BIN)/hatchling build
	cp requirements/runtime.txt dist/requirements.txt

requirements: $(VENV)/dev.done ## Pin the newest versions again, with hashes and without addresses
	$(BIN)/pip install --quiet pip-tools
	for set in runtime:build "archive:archive --extra build" "dev:dev --extra build" "bench:bench --extra build" \
			"fuzz:fuzz --extra build"; do \
		$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
			--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
			--no-emit-trusted-host --extra $${set#*:} \
			--output-file requirements/$${set%%:*}.txt pyproject.toml; \
	done

clean: ## Remove what was installed and generated, the demo's district too
	rm -rf $(VENV) demo-data .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz

# Everything is pinned, so pip has nothing to resolve (--no-deps): it once took a newer release of
# what a pinned package asks for with an extra, and refused it for having no hash.
#
# Debian splits venv from Python; as root it can be fetched, otherwise the message says what to do.
$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		apt-get update -q && apt-get install -qy python3-venv && $(PYTHON) -m venv $(VENV); }

# Some faults are put in with strace; without it their tests are skipped, and say so.
$(VENV)/strace.tried: | $(VENV)/bin/pip
	@command -v strace >/dev/null || { apt-get update -q && apt-get install -qy strace; } || true
	@touch $@

# A browser for the tests of the pages, never a downloaded one; without it they are skipped, and say
# so. What is written on the pages needs a font.
$(VENV)/chromium.tried: | $(VENV)/bin/pip
	@test -x /usr/bin/chromium || { apt-get update -q && \
		apt-get install -qy --no-install-recommends chromium fonts-dejavu-core; } || true
	@touch $@

# The tests start clusters of their own; Debian's would only stand about, so a fresh machine is told
# to make none. What is installed already is left as it is.
$(VENV)/postgresql.tried: | $(VENV)/bin/pip
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { apt-get update -q && \
		apt-get install -qy --no-install-recommends postgresql-common && \
		sed -i 's/^#create_main_cluster = true/create_main_cluster = false/' \
			/etc/postgresql-common/createcluster.conf && \
		apt-get install -qy --no-install-recommends postgresql; } || true
	@touch $@

$(VENV)/%.done: requirements/%.txt pyproject.toml | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@$(BIN)/pip check --disable-pip-version-check >/dev/null || $(BIN)/pip check
	@touch $@
