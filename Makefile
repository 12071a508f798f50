# Two commands matter: `make run` and `make test`. Both set up what they need in .venv, from hashed locks.
PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check --quiet --quiet
LOCK_OPTIONS = --generate-hashes --no-emit-index-url --no-header --no-annotate --universal --python-version 3.11 --quiet

.PHONY: run once demo test lint system bench install uninstall lock clean

run: .venv/.run ## the daemon, with the feeds.toml beside this file
	.venv/bin/aggregator --config feeds.toml run

demo: .venv/.run ## one round against the example newsroom, without network; SERVE=1 goes on serving
	.venv/bin/python examples/demo.py $(if $(SERVE),--serve)

test: lint ## everything that needs neither root nor network
	.venv/bin/python -m pytest -n 2 -m "not system"

lint: .venv/.test ## style, types, layers
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache

system: .venv/.test ## with real readers and servers; root on Debian 12
	sh scripts/system-packages.sh
	.venv/bin/python -m pytest -m system

bench: .venv/.test ## speed and memory, as ratios
	for each in bench/*.py; do .venv/bin/python $$each || exit 1; done

install: ## as root: user, folders, units and the program in /opt/aggregator
	sh scripts/install.sh

uninstall: ## as root: takes the program away, keeps the data
	sh scripts/uninstall.sh

lock: ## after a change of dependencies; needs uv
	uv pip compile $(LOCK_OPTIONS) --extra setup pyproject.toml -o requirements.lock
	uv pip compile $(LOCK_OPTIONS) --extra setup --extra test -c requirements.lock pyproject.toml -o requirements-test.lock

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

.venv/.test: requirements-test.lock .venv/.run
	$(PIP) install --require-hashes -r requirements-test.lock
	touch $@

clean:
	rm -rf .venv build dist
