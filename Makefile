# The one door: `make demo` shows the collection, `make test` checks all of it. Both make what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NAME := registryops.gitlab
TREE := build/tree/ansible_collections/registryops/gitlab
INSTALLED := build/installed/ansible_collections/registryops/gitlab
PLUGINS := $(shell git ls-files --cached --others --exclude-standard plugins roles playbooks meta galaxy.yml README.md CONTRIBUTING.md CODE_OF_CONDUCT.md COPYING CHANGELOG.rst changelogs requirements.txt docs)
PYTHON_CODE := plugins tests
# All of `make test` but pytest, two at a time: most of them use one core only. The longest first.
CHECKS := matrix-ends sanity lint types importer docs-lint build

# What the user has set for Ansible or for GitLab must not change what is checked.
unexport ANSIBLE_CONFIG CI_JOB_TOKEN CI_API_V4_URL
# `make livetest` alone asks for a server. It takes these from the environment or from make's command line.
ifneq ($(MAKECMDGOALS),livetest)
unexport GITLAB_TOKEN GITLAB_API_URL
endif
IN_TREE := ANSIBLE_COLLECTIONS_PATH=$(CURDIR)/build/tree PYTHONPATH=$(CURDIR)/build/tree PATH="$(CURDIR)/$(BIN):$$PATH"

.DEFAULT_GOAL := help
.PHONY: help demo sandbox test lint types unit integration matrix matrix-ends importer sanity docs docs-lint build livetest bench soak pins clean

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): tests/requirements.txt tests/sandbox/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable ./tests/sandbox
	@touch $@

# The collection as Ansible wants to find it, without a copy.
$(TREE):
	@mkdir -p $(dir $@)
	@ln -sfn ../../../.. $@

# The collection as a user gets it.
$(INSTALLED): $(READY) $(PLUGINS)
	@rm -rf dist build/installed
	@$(BIN)/ansible-galaxy collection build --force --output-path dist
	@ANSIBLE_COLLECTIONS_PATH=build/installed $(BIN)/ansible-galaxy collection install --force --no-deps --collections-path build/installed dist/*.tar.gz
	@touch $@

demo: $(READY) $(INSTALLED) ## Show the main job on a local sandbox, as a guided tour; PAUSE=1 waits before each step
	@$(BIN)/python tests/demo/demo.py $(if $(filter-out 0,$(PAUSE)),--pause)

sandbox: $(READY) $(INSTALLED) ## Leave a local GitLab package registry running, to try things on
	@$(BIN)/python tests/demo/sandbox.py

test: $(READY) $(TREE) ## Run every check
	@$(MAKE) --no-print-directory --jobs 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) $(CHECKS)
	@$(IN_TREE) $(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(READY) $(TREE) ## Format and lint
	$(BIN)/ruff format --check $(PYTHON_CODE)
	$(BIN)/ruff check $(PYTHON_CODE)
	PYTHONPATH=build/tree $(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/yamllint --strict .
	$(IN_TREE) $(BIN)/ansible-lint --offline --strict --profile production
	$(BIN)/antsibull-changelog lint

types: $(READY) $(TREE) ## Check the types
	$(BIN)/mypy -p ansible_collections.registryops.gitlab.plugins
	$(BIN)/mypy -p gitlab_sandbox

unit: $(READY) $(TREE) ## Run the tests that need no server
	@$(IN_TREE) $(BIN)/pytest tests/unit

integration: $(READY) $(TREE) ## Run real playbooks on the sandbox
	@$(IN_TREE) $(BIN)/pytest tests/integration

matrix: $(READY) $(TREE) ## Run real playbooks on every supported ansible-core, or on CORE="2.16 2.20", with each Python found
	@$(BIN)/python tests/matrix.py $(CORE)

matrix-ends: $(READY) $(TREE) ## The same on the oldest and on the newest only
	@$(BIN)/python tests/matrix.py --ends

sanity: $(READY) ## Run ansible-test sanity on what the artifact holds
	tests/sanity.sh $(VENV)

docs: $(READY) $(TREE) ## Make the plugin pages, in docs/plugins
	@mkdir -p docs/plugins
	$(IN_TREE) $(BIN)/antsibull-docs collection --use-current --squash-hierarchy --output-format simplified-rst --dest-dir docs/plugins $(NAME)

docs-lint: $(READY) $(TREE) ## Check the documentation of plugins and roles
	$(IN_TREE) $(BIN)/antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self $(TREE)

importer: $(READY) $(INSTALLED) ## Import the artifact as Galaxy would, without a warning
	$(BIN)/python tests/check_import.py

build: $(INSTALLED) ## Build the artifact, install it, and read the documentation of each plugin from it
	$(BIN)/python tests/check_artifact.py

livetest: $(READY) $(INSTALLED) ## Check a real server: GITLAB_API_URL=… GITLAB_TOKEN=… PROJECT=… (GROUP=…)
	@$(BIN)/python tests/livetest/livetest.py

bench: $(READY) $(TREE) ## Measure against the peers, and write docs/benchmarks.md
	@$(IN_TREE) $(BIN)/python tests/bench/bench.py

soak: $(READY) $(TREE) ## Plan and apply on 100,000 packages while one request in a hundred fails
	@$(IN_TREE) $(BIN)/python tests/bench/soak.py $(if $(PACKAGES),--packages $(PACKAGES))

pins: ## Write the pinned versions anew, from tests/requirements.in
	rm -rf build/pins
	$(PYTHON) -m venv build/pins
	build/pins/bin/pip install --quiet --disable-pip-version-check --requirement tests/requirements.in
	{ sed -n '1,/^$$/p' tests/requirements.txt; build/pins/bin/pip freeze --all --exclude pip; } > build/pins/new
	mv build/pins/new tests/requirements.txt

clean: ## Remove all that was made
	rm -rf $(VENV) build dist docs/plugins
