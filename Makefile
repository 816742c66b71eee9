# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Needs Python 3.11 or newer (with venv), git and make; everything else is installed into .venv and .venvs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
# Releases of ansible-core for `make sanity`: one or several of 2.16 to 2.21, newest
CORE ?= 2.19
# Sanity tests to skip, such as pylint
WITHOUT ?=
# The execution environment: the folder of its build context, a base image other than that in its definition, further
# options of podman build, and its name
EE ?= build/ee
EE_BASE ?=
EE_OPTIONS ?=
EE_TAG ?= rustdesk-sso-ee
PODMAN ?= podman
# Combinations of `make matrix`, such as "2.16 2.21/3.13 devel"; by default, all whose Python is installed
MATRIX ?=
# Examples of each property for `make generated`
EXAMPLES ?= 10000
# `make bench BENCH=short` takes a minute and writes nothing
BENCH ?= full
# The servers and tenants of `make scale`
SERVERS ?= 1000
TENANTS ?= 100
# `make fire SHARE=25` tries one case of 25
SHARE ?= 1

# Licenses of packages that a work under the GPL, version 3, can use (gnu.org/licenses/license-list.html)
GPL_COMPATIBLE := MIT;BSD;Apache;Python Software Foundation;PSF;ISC;MPL;Mozilla Public License 2.0;LGPL;Unlicense;0BSD

VERSION := $(shell sed -n 's/^version: *//p' galaxy.yml)
STAGE := build/ansible_collections/deskops/rustdesk_sso
ARTIFACT := build/dist/deskops-rustdesk_sso-$(VERSION).tar.gz
LINT := .venvs/lint
# Event-Driven Ansible, for `make eda`
EDA := .venvs/eda
# The requirements of azure.azcollection, for `make bench`
PEER := .venvs/peer
# The slowest first, so that the workers finish together. Each worker with tests of AWX sets one up, so the first runs all.
TESTS := $(wildcard tests/awx tests/first_hour tests/leaks tests/generated tests/crash tests/faults tests/fleets tests/browser tests/live tests/integration tests/monitoring tests/lab/selftest tests/unit)
FIRE := tests/crash tests/faults/test_each_endpoint.py tests/leaks
LINTS := ruff mypy yamllint workflows ansible-lint docs changelog reuse importer prose

# Every tool sees the staged tree as the installed collection
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/build
# A tool of .venvs/lint, run inside the staged tree
STAGED := cd $(STAGE) && PATH="$(CURDIR)/$(LINT)/bin:$$PATH"

.PHONY: help venv stage build install test monitoring eda generated fire live first-hour bench lint format $(addprefix lint-,$(LINTS)) sanity sanity-all matrix lowest sbom licenses release-check publish scale docs variables ee-context ee changelog demo pictures clean distclean

help: ## Show this help
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

venv: .venv/stamp ## Create .venv, for the tests and the demo (PYTHON=python3.12 selects another Python)

.venv/stamp: requirements.txt test-requirements.txt $(wildcard tests/*/requirements.txt)
	@tests/tools/make_venv.sh .venv $(PYTHON) $^

$(LINT)/stamp: lint-requirements.txt
	@tests/tools/make_venv.sh $(LINT) $(PYTHON) $^

stage:
	@$(PYTHON) tests/tools/stage.py >/dev/null

build: .venv/stamp stage ## Build the artifact for Galaxy in build/dist
	@.venv/bin/ansible-galaxy collection build --force --output-path build/dist $(STAGE)

install: build ## Install the built artifact into build/collections
	@ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/build/collections" .venv/bin/ansible-galaxy collection install --offline --force --collections-path build/collections $(ARTIFACT)

test: .venv/stamp stage ## Run all tests: unit, integration, browser, the lab's own (PYTEST_ARGS='-k name')
	@PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/python -m pytest --numprocesses 4 --dist worksteal $(TESTS) $(PYTEST_ARGS)

monitoring: .venv/stamp stage ## Run the tests of the alert rules, the dashboard and the timers
	@PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/python -m pytest tests/monitoring $(PYTEST_ARGS)

$(EDA)/stamp: requirements.txt tests/eda/ansible-rulebook.txt
	@tests/tools/make_venv.sh $(EDA) $(PYTHON) $^

eda: .venv/stamp $(EDA)/stamp stage ## Post alerts to the rulebook for Event-Driven Ansible (needs Java 17 or newer)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/python -m pytest tests/eda $(PYTEST_ARGS)

generated: .venv/stamp stage ## Run the generated tests with many examples (EXAMPLES=10000)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" RUSTDESK_SSO_EXAMPLES=$(EXAMPLES) .venv/bin/python -m pytest tests/generated $(PYTEST_ARGS)

fire: .venv/stamp stage ## Test crashes and failures of services for hours, write docs/reliability.md (SHARE=25)
	@rm -f build/fire.jsonl
	@status=0; PATH="$(CURDIR)/.venv/bin:$$PATH" RUSTDESK_SSO_FIRE="$(CURDIR)/build/fire.jsonl" RUSTDESK_SSO_SHARE=$(SHARE) \
		.venv/bin/python -m pytest --numprocesses 2 --dist worksteal $(FIRE) $(PYTEST_ARGS) || status=$$?; \
		$(PYTHON) tests/tools/reliability.py build/fire.jsonl; exit $$status

live: .venv/stamp ## Compare a real tenant and a real console with the lab's contract (LIVE=1, see guide_live)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" PYTHONPATH="$(CURDIR)/tests" .venv/bin/python -m live

first-hour: .venv/stamp stage ## Follow the guide for the first run in a new virtual environment
	@PATH="$(CURDIR)/.venv/bin:$$PATH" RUSTDESK_SSO_FRESH=1 .venv/bin/python -m pytest tests/first_hour $(PYTEST_ARGS)

$(PEER)/stamp: tests/tools/peers.py
	@$(PYTHON) tests/tools/peers.py >/dev/null
	@tests/tools/make_venv.sh $(PEER) $(PYTHON) build/peers/ansible_collections/azure/azcollection/requirements.txt

bench: .venv/stamp stage $(if $(filter short,$(BENCH)),,$(PEER)/stamp) ## Compare with plain Ansible and azure.azcollection, write docs/benchmarks.md (BENCH=short)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" PYTHONPATH="$(CURDIR)/tests" .venv/bin/python -m bench $(BENCH)

scale: .venv/stamp stage ## Run the playbooks for 1,000 servers in 100 tenants of the lab, write docs/scale.md (SERVERS=100 TENANTS=10)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" PYTHONPATH="$(CURDIR)/tests:$(CURDIR)/build" .venv/bin/python -m scale $(SERVERS) $(TENANTS)

lint: $(addprefix lint-,$(LINTS)) ## Run all linters (one: make lint-ruff, lint-mypy, ...)

format: $(LINT)/stamp ## Format the Python files and sort their imports
	@$(LINT)/bin/ruff check --select I,RUF022 --fix --quiet .
	@$(LINT)/bin/ruff format .

lint-ruff: $(LINT)/stamp
	@echo "== ruff"
	@$(LINT)/bin/ruff check .
	@$(LINT)/bin/ruff format --check .

lint-mypy: $(LINT)/stamp stage
	@echo "== mypy"
	@MYPYPATH=build $(LINT)/bin/mypy $(STAGE)/plugins

lint-yamllint: $(LINT)/stamp
	@echo "== yamllint"
	@$(LINT)/bin/yamllint --strict .

lint-workflows: $(LINT)/stamp
	@echo "== zizmor, check-jsonschema"
	@$(LINT)/bin/zizmor --quiet --offline --no-progress .github
	@$(LINT)/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(LINT)/bin/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci .gitlab-ci.yml
	@# Its package fetches the program from GitHub
	@if command -v actionlint >/dev/null; then actionlint; fi

lint-ansible-lint: $(LINT)/stamp stage
	@echo "== ansible-lint"
	@$(STAGED) ansible-lint

lint-docs: $(LINT)/stamp stage
	@echo "== antsibull-docs"
	@$(STAGED) antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .

lint-changelog: $(LINT)/stamp stage
	@echo "== antsibull-changelog"
	@$(STAGED) antsibull-changelog lint

lint-reuse: $(LINT)/stamp
	@echo "== reuse"
	@$(LINT)/bin/reuse lint --quiet || $(LINT)/bin/reuse lint

lint-importer: $(LINT)/stamp build
	@echo "== galaxy-importer"
	@mkdir -p build/importer
	@cd build/importer && PATH="$(CURDIR)/$(LINT)/bin:$$PATH" GALAXY_IMPORTER_CONFIG="$(CURDIR)/tests/tools/galaxy-importer.cfg" \
		python -m galaxy_importer.main "$(CURDIR)/$(ARTIFACT)"

lint-prose: $(LINT)/stamp
	@echo "== prose"
	@$(LINT)/bin/python tests/tools/prose.py

sanity: ## Run ansible-test sanity (CORE=2.21, CORE="newest 2.16", WITHOUT=pylint)
	@$(PYTHON) tests/tools/sanity.py $(WITHOUT:%=--without %) $(CORE)

sanity-all: ## Run ansible-test sanity on every supported ansible-core whose Python is installed
	@$(PYTHON) tests/tools/sanity.py all

ee-context: build ## Create the build context of the execution environment in build/ee, with the built artifact
	@rm -rf $(EE)
	@mkdir -p $(EE)
	@cp extensions/awx/execution_environment/execution-environment.yml $(EE)
	@printf 'collections:\n  - name: %s\n    type: file\n' $(notdir $(ARTIFACT)) >$(EE)/requirements.yml
	@cd $(EE) && $(CURDIR)/.venv/bin/ansible-builder create --output-filename Containerfile
	@cp $(ARTIFACT) $(EE)/context/_build

ee: ee-context ## Build the execution environment with podman (EE_BASE=image, EE_TAG=name) and check its content
	@$(PODMAN) build $(if $(EE_BASE),--build-arg EE_BASE_IMAGE=$(EE_BASE)) $(EE_OPTIONS) --tag $(EE_TAG) $(EE)/context
	@$(PODMAN) run --rm $(EE_TAG) ansible-doc -t module deskops.rustdesk_sso.entra_app
	@# Like AWX on OpenShift: any user ID, in group 0
	@$(PODMAN) run --rm --user 54321:0 $(EE_TAG) ansible localhost -m ansible.builtin.tempfile

matrix: ## Run the compatibility tests on each ansible-core and installed Python (MATRIX="2.16 2.21/3.13 devel")
	@$(PYTHON) tests/tools/matrix.py $(MATRIX)

lowest: ## Run the compatibility tests with the oldest packages that requirements.txt allows
	@$(PYTHON) tests/tools/matrix.py --lowest $(MATRIX)

.venvs/release/stamp: release-requirements.txt
	@tests/tools/make_venv.sh .venvs/release $(PYTHON) $^

# The packages on a user's controller, without ansible-core
.venvs/runtime/stamp: requirements.txt
	@tests/tools/make_venv.sh .venvs/runtime $(PYTHON) $^

sbom: .venvs/release/stamp .venvs/runtime/stamp ## Write build/sbom.cdx.json, the packages that the collection needs (CycloneDX)
	@mkdir -p build
	@.venvs/release/bin/cyclonedx-py environment .venvs/runtime/bin/python --output-reproducible --output-file build/sbom.cdx.json
	@echo build/sbom.cdx.json

licenses: .venvs/release/stamp .venvs/runtime/stamp ## Check that the licenses of these packages are compatible with the GPL
	@.venvs/release/bin/pip-licenses --python .venvs/runtime/bin/python --from mixed --partial-match --allow-only "$(GPL_COMPATIBLE)"

release-check: ## Check that TAG is the version in galaxy.yml and has its release notes
	@$(PYTHON) tests/tools/release.py "$(TAG)"

publish: release-check build ## Publish the version TAG to Ansible Galaxy with the token in GALAXY_TOKEN
	@ANSIBLE_GALAXY_SERVER_LIST=galaxy ANSIBLE_GALAXY_SERVER_GALAXY_URL=https://galaxy.ansible.com/ \
		ANSIBLE_GALAXY_SERVER_GALAXY_TOKEN="$${GALAXY_TOKEN:?is not set}" .venv/bin/ansible-galaxy collection publish $(ARTIFACT)

.venvs/docs/stamp: docs-requirements.txt
	@tests/tools/make_venv.sh .venvs/docs $(PYTHON) $^

docs: .venvs/docs/stamp stage ## Build the documentation site in build/docs/html
	@PATH="$(CURDIR)/.venvs/docs/bin:$$PATH" python tests/tools/docs.py

variables: ## Update the generated pages: variables of the role, and troubleshooting
	@$(PYTHON) tests/tools/role_variables.py
	@$(PYTHON) tests/tools/troubleshooting.py

changelog: $(LINT)/stamp stage ## Turn the fragments into release notes of the version in galaxy.yml
	@$(STAGED) antsibull-changelog release
	@cp $(STAGE)/CHANGELOG.rst CHANGELOG.rst
	@cp $(STAGE)/changelogs/changelog.yaml changelogs/changelog.yaml
	@for fragment in $(wildcard changelogs/fragments/*.yml); do [ -e "$(STAGE)/$$fragment" ] || rm "$$fragment"; done

demo: install ## Walk through the sign-in lifecycle in a local lab (KEEP=1 keeps the lab running)
	@KEEP="$(KEEP)" .venv/bin/python tests/demo.py

pictures: install ## Create the pictures for the README in docs/images, from real runs in the lab
	@PATH="$(CURDIR)/.venv/bin:$$PATH" PYTHONPATH="$(CURDIR)/tests" .venv/bin/python -m tools.pictures

clean: ## Remove build output and caches
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .hypothesis .ansible
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean ## Also remove the virtual environments
	rm -rf .venv .venvs
