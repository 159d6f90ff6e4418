# make book · make test · make notebooks · make study · make bench …: each one visible command in .venv
PYTHON ?= python3
PYTHONS := 3.11 3.12 3.13 3.14
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif
RESOLVE = $(BIN)/uv pip compile --quiet --python-version $(firstword $(PYTHONS)) $(UPGRADE)
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all:

# notebooks run in folders of their own
ifneq ($(filter-out embedded,$(D2L_DATA)),)
export D2L_DATA := $(abspath $(D2L_DATA))
endif

.PHONY: book pdf test data notebooks study translations bench screenshot lock python
.DELETE_ON_ERROR:

book: .venv/book   ## build the pages in every language into _build/html; executes nothing
	$(BIN)/python -m _ext.editions

pdf: .venv/book   ## the same, and the whole book as PDF and EPUB, offered on the front pages; needs Chromium
	$(BIN)/python -m _ext.editions --bound

test: .venv/all node_modules/.package-lock.json   ## lint, types, unit tests, every notebook by nbval, the pages in a browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/node node_modules/typescript/bin/tsc --project jsconfig.json
	$(BIN)/python -m pytest

data: .venv/all   ## fetch MNIST's test images, unless $D2L_DATA or the cache has them
	$(BIN)/python -m d2l_shim.data

notebooks: .venv/all data   ## execute the notebooks whose code, shim or pins have changed
	$(BIN)/python -m _ext.execute

study: .venv/all   ## run NAME=… over its seeds; more in studies/README.md
	$(BIN)/python -m studies $(NAME)

translations: .venv/all   ## bring the catalogs in locales/ up to date; say what is left to do
	$(BIN)/python -m _ext.translate

bench: .venv/bench   ## measure building, notebooks, and training against its rivals
	$(BIN)/python -m benchmarks.bench

screenshot: book .venv/all   ## take the README's picture
	$(BIN)/python .github/screenshot.py

lock: .venv/lock   ## after a change of requirements*.txt; with UPGRADE=--upgrade, all that they leave open
	$(RESOLVE) requirements.txt -o requirements.lock
	$(RESOLVE) requirements-book.txt -c requirements.lock -o requirements-book.lock

# A lock is whole: pip needs no resolver, and MXNet does not bring an old numpy along.
.venv/book: requirements-book.lock | .venv/pyvenv.cfg
	$(INSTALL) --no-deps --require-hashes -r requirements-book.lock
	touch $@

# Not hashed: torch, as the reader chooses the index, and the CUDA packages that it may ask for.
.venv/all: requirements.lock requirements.txt requirements-cluster.txt .venv/book
	$(INSTALL) --no-deps --require-hashes -r requirements.lock
	$(INSTALL) $(shell sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements.txt)
	touch $@

.venv/bench: .venv/all   # the rival alone: what it asks for is older than what is here
	$(INSTALL) --no-deps d2l==0.17.6
	touch $@

.venv/lock: Makefile | .venv/pyvenv.cfg
	$(INSTALL) uv==0.13.9
	touch $@

node_modules/.package-lock.json: package-lock.json .venv/all
	$(BIN)/npm ci --silent
	touch $@

.venv/pyvenv.cfg: | python
	$(PYTHON) -m venv .venv

# Before anything is installed: is this Python one that can, and is .venv its? Where no PYTHON=… asks
# for another, the one that made .venv counts.
minor = $(shell $(1) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
MADE := $(firstword $(shell sed -n 's/^version.*= *\(3\.[0-9]*\).*/\1/p' .venv/pyvenv.cfg 2>/dev/null))
USED := $(if $(and $(MADE),$(filter file,$(origin PYTHON))),$(BIN)/python,$(PYTHON))
FOUND := $(call minor,$(USED))
CHOOSE = choose another: make $(or $(MAKECMDGOALS),book) PYTHON=python3.12
python:
	$(if $(filter-out $(call minor,$(BIN)/python),$(MADE)),$(error the Python $(MADE) that made .venv is gone: remove the folder .venv))
	$(if $(FOUND),,$(error $(USED) does not run, and one of Python $(PYTHONS) is needed: install it, or $(CHOOSE)))
	$(if $(filter $(FOUND),$(PYTHONS)),,$(error $(USED) is Python $(FOUND), and one of $(PYTHONS) is needed: $(CHOOSE)))
	$(if $(filter-out $(FOUND),$(MADE)),$(error .venv was made by Python $(MADE), and $(USED) is $(FOUND): remove the folder .venv, or choose PYTHON=python$(MADE)))
