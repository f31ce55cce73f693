# Each target does all of its own set-up, once: the first call makes .venv, later ones download nothing.

MANIFEST ?= manifests/examples/painted_block.yaml
OUT ?= out/$(basename $(notdir $(MANIFEST)))

# The second Blender of the tests; the first is the one that pyproject.toml names.
BLENDER_50 := 5.0.1

PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
RUN := .venv/bin/python
WORKER := .venv/.worker
SIDECAR := .venv/.sidecar
DEV := .venv/.dev
BLENDER_50_READY := .venv-blender50/.bpy-$(BLENDER_50)

.PHONY: help dataset evaluate test windows check addon docs bench soak constraints clean
.DEFAULT_GOAL := help

help: ## This list
	@echo "make TARGET"
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16

dataset: $(WORKER) ## Render MANIFEST (a painted block with dents) to OUT
	@.venv/bin/defectory render "$(MANIFEST)" --out "$(OUT)"

evaluate: $(SIDECAR) ## Render blocks with and without dents, train on the good ones, report what is found
	@.venv/bin/defectory render manifests/examples/block_face.yaml --out out/block_face
	@.venv/bin/defectory-sidecar train block_face --out out/block_face_run
	@.venv/bin/defectory-sidecar evaluate out/block_face_run

test: windows check $(BLENDER_50_READY) ## All checks and all tests
	@$(RUN) -m blender_addon.build build/dist # now, lest two tests fetch its wheels at once
	DEFECTORY_TEST_BLENDERS="$(CURDIR)/.venv-blender50/bin/python" $(RUN) -m pytest --numprocesses 2 --dist loadfile

windows: # Begun first, in the background: the tests with windows come last, and wait for it where they must
	@if [ "$$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then \
	  (for suite in trixie sid; do .ci/window-blender $$suite; done) </dev/null >/dev/null 2>&1 & fi

check: $(DEV) ## ruff, mypy, import-linter
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

addon: $(WORKER) ## Build the Blender extension into dist/
	@$(RUN) -m blender_addon.build dist

docs: $(DEV) ## Write the generated pages anew: manifest schema, manifest and command reference
	@$(RUN) docs/generate.py

bench: $(DEV) ## Run the benchmarks
	@set -e; for file in benchmarks/bench_*.py; do echo "$$file"; $(RUN) "$$file"; done

soak: $(DEV) ## A farm that renders 300 pairs under 200 random faults, against the same run left in peace
	@$(RUN) -m tests.farm.soak

constraints: ## Resolve constraints.txt anew, to today's versions
	@.ci/new-venv .uv/constraints
	@.uv/constraints/bin/python $(PIP_INSTALL) --upgrade --upgrade-strategy eager '.[dev]'
	@{ echo "# Exact versions of '.[dev]' on Python 3.11, so that two installs are the same; made by: make constraints"; \
	   .uv/constraints/bin/python -m pip freeze --exclude defectory | sed 's/+cpu$$//'; } > constraints.txt

clean: ## Remove the virtual environments and caches, not the data sets
	rm -rf .venv .venv-blender50 .uv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(WORKER): pyproject.toml constraints.txt
	@echo "Setting up .venv (about 500 MB to download, once)"
	@.ci/new-venv .venv
	@$(RUN) $(PIP_INSTALL) -c constraints.txt -e '.[worker]'
	@$(RUN) .ci/system-libraries
	@touch $@

$(SIDECAR): $(WORKER)
	@echo "Adding torch and what the models need to .venv (about 300 MB to download, once)"
	@$(RUN) $(PIP_INSTALL) -c constraints.txt -e '.[sidecar]'
	@touch $@

$(DEV): $(WORKER)
	@$(RUN) $(PIP_INSTALL) -c constraints.txt -e '.[dev]'
	@touch $@

$(BLENDER_50_READY):
	@echo "Setting up .venv-blender50 with bpy $(BLENDER_50) (about 400 MB to download, once)"
	@.ci/new-venv .venv-blender50
	@grep -v '^bpy==' constraints.txt > .venv-blender50/constraints.txt
	@.venv-blender50/bin/python $(PIP_INSTALL) -c .venv-blender50/constraints.txt "bpy==$(BLENDER_50)"
	@.venv-blender50/bin/python .ci/system-libraries
	@touch $@
