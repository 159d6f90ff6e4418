# make book · make test · make notebooks · make bench …: each one visible command in .venv
PYTHON ?= python3
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif

.PHONY: book test data notebooks translations bench pictures

book: .venv/book   ## build the pages in every language into _build/html; executes nothing
	$(BIN)/python -m _ext.editions

test: .venv/all    ## lint, unit tests, every notebook by nbval, the pages in a browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

data: .venv/all   ## fetch MNIST's test images, unless $D2L_DATA or the cache has them
	$(BIN)/python -m d2l_shim.data

notebooks: .venv/all data   ## execute the notebooks whose code, shim or pins have changed
	$(BIN)/python -m _ext.execute

translations: .venv/all   ## bring the catalogs in locales/ up to date; say what is left to do
	$(BIN)/python -m _ext.translate

bench: .venv/bench   ## measure building, notebooks, and training against its rivals
	$(BIN)/python -m benchmarks.bench

pictures: .venv/all   ## PNG of the drawings, for notebooks; the README's screenshot
	$(BIN)/python -m benchmarks.pictures

.venv/book: requirements-book.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-book.txt
	touch $@

.venv/all: requirements.txt .venv/book
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/bench: .venv/all   # the rival alone: what it asks for is older than what is here
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps d2l==0.17.6
	touch $@
