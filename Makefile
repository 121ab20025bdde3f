# Tomosift. `make run` starts it, `make test` checks it; both do all the set-up. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
WEB := backend/tomosift/web/index.html
WEB_SOURCES := $(shell find frontend/src frontend/public frontend/index.html frontend/vite.config.ts frontend/tsconfig*.json \
	-type f 2>/dev/null)

.PHONY: help run test demo lint test-web test-python web chromium lock openapi screenshots clean bench-learning bench-scoring

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 16

run: $(VENV)/.run-ready $(WEB) ## set up and start the service, a worker, the interface and the demo project
	@$(BIN)/tomosift up

demo: $(VENV)/.run-ready $(WEB) ## run four cycles with a simulated annotator, beside random selection
	@$(BIN)/tomosift demo

bench-scoring: $(VENV)/.run-ready ## what exact scores and training cost, against the least they could (ARGS=... for both)
	$(BIN)/python benchmarks/scoring.py --json benchmarks/results/scoring.json --png benchmarks/results/scoring.png $(ARGS)
	$(BIN)/python benchmarks/training_floor.py --json benchmarks/results/training_floor.json

bench-learning: $(VENV)/.run-ready ## labels that strategies save: a check, and curves of the kept results (ARGS=... runs more)
	$(BIN)/python benchmarks/learning.py $(if $(ARGS),$(ARGS),--check)
	$(if $(ARGS),,$(BIN)/python benchmarks/learning.py --draw)

test: lint test-web test-python ## install what tests need and run everything

lint: $(VENV)/.dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy backend/tomosift worker/tomosift_worker
	$(BIN)/lint-imports

test-web: frontend/node_modules/.ready
	cd frontend && npm run --silent typecheck && npm run --silent lint && npm run --silent format:check && npm run --silent test

# Two processes share the tests, each with servers of its own. Those that kill processes or drive a browser come after
# them, alone: they look at the time too. PYTEST="tests/backend/pool -k cut" chooses; 5 says that none of them was chosen.
test-python: $(VENV)/.dev-ready $(WEB) chromium
	cd frontend && npm run --silent check-bundle
	@beside=0; alone=0; \
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not faults and not browser" $(PYTEST) || beside=$$?; \
	$(BIN)/python -m pytest -q -m "faults or browser" $(PYTEST) || alone=$$?; \
	case $$beside,$$alone in 0,0 | 0,5 | 5,0) ;; *) exit 1 ;; esac

web: $(WEB) ## build the interface

openapi: $(VENV)/.dev-ready ## write frontend/openapi.json and the typed clients of it
	$(BIN)/python -m tomosift.openapi > frontend/openapi.json
	$(BIN)/python -m tomosift.client_routes
	cd frontend && npm run --silent generate

screenshots: $(VENV)/.dev-ready $(WEB) chromium ## take the user guide's pictures anew, on the real service
	TOMOSIFT_WRITE_SCREENSHOTS=1 $(BIN)/python -m pytest -q tests/e2e/test_written_guide.py

lock: ## resolve the Python dependencies anew into constraints.txt
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --no-header --no-annotate \
		--constraint <(echo torch==2.13.0) -o constraints.txt

clean: ## remove the environment and everything built (never your data)
	rm -rf $(VENV) frontend/node_modules backend/tomosift/web

# --- set-up -------------------------------------------------------------------------------------------------------

$(VENV)/bin/python:
	@python=; \
	for name in python3.11 python3.12 python3.13 python3.14 python3; do \
		if command -v $$name >/dev/null && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Tomosift needs Python 3.11 or newer; none was found on PATH." >&2; exit 1; fi; \
	echo "Making $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$$python cannot make virtual environments; on Debian or Ubuntu install python3-venv." >&2; exit 1; }

# A torch that is already in the environment stays (a CUDA build, say); otherwise the locked one is installed.
comma := ,
define install
	@echo "Installing Python packages (first time: a minute or two)"
	@if $(BIN)/python -c 'import torch' 2>/dev/null; then grep -vE '^(torch|triton|nvidia-|cuda-)' constraints.txt; \
		else cat constraints.txt; fi > $(VENV)/constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(VENV)/constraints.txt -e '.[$(1)]'
	@$(BIN)/python -m compileall -q backend/tomosift worker/tomosift_worker # here it is not waited for at the first start
	@touch $@
endef

$(VENV)/.run-ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(call install,worker$(comma)embedded)

$(VENV)/.dev-ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(call install,worker$(comma)embedded$(comma)s3$(comma)dev)
	@touch $(VENV)/.run-ready

frontend/node_modules/.ready: frontend/package.json frontend/package-lock.json
	@command -v node >/dev/null && node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' \
		|| { echo "Tomosift's interface is built with Node 20 or newer (with npm); none was found on PATH." >&2; exit 1; }
	@echo "Installing the interface's packages"
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB): frontend/node_modules/.ready $(WEB_SOURCES)
	@echo "Building the interface"
	@cd frontend && npm run --silent build -- --logLevel warn
	@touch $@

chromium:
	@if command -v chromium || command -v chromium-browser || command -v google-chrome; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; \
	else echo "The browser tests need Chromium: 'sudo apt install chromium' (Debian, Ubuntu), 'brew install chromium' (macOS)," \
		"or put chromium or google-chrome on PATH; then run make test again." >&2; exit 1; fi
