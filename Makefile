# Everything that one does with this repository. `make help` lists it.

# One directory for whatever is built, the Python wheel and its environment included.
export CARGO_TARGET_DIR := $(CURDIR)/target

PYTHON ?= python3
SEEDS ?= 10000
FUZZ_SECONDS ?= 60
CYCLES ?= 100000

# Nothing that cargo starts may wait for the terminal.
CARGO := </dev/null cargo
VENV := target/venv
# What a program links after libtieback.a.
STATIC_LIBS := $(shell sed -n 's/^$(if $(filter Darwin,$(shell uname -s)),macos,linux) //p' build/static-libs.txt)
SKIPPED := target/skipped.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.NOTPARALLEL:
.PHONY: help preflight demo test rust-tests python-tests check header operations abi sim fuzz cycles miri fuzz-asan
.PHONY: bench build install uninstall clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

preflight: ## say what this machine lacks for a build, and how to get it
	@PYTHON='$(PYTHON)' scripts/preflight.sh

demo: preflight ## see it work: hooks, real deliveries, the log; from C, then from Python
	$(CARGO) build --lib
	$(CC) -std=c99 -Wall -Wextra -pedantic -Werror -Iinclude -o target/demo examples/c/demo.c target/debug/libtieback.a \
		$(STATIC_LIBS)
	@PYTHON='$(PYTHON)' scripts/demo.sh C target/demo
	@$(MAKE) --no-print-directory python-module
	@PYTHON='$(PYTHON)' scripts/demo.sh Python $(VENV)/bin/python examples/python/demo.py

# ---- proof ----

test: preflight ## run every test: Rust, C, Python
	@mkdir -p target && rm -f $(SKIPPED)
	@$(MAKE) --no-print-directory rust-tests python-tests
	@if [ -s $(SKIPPED) ]; then echo "skipped: $$(sort -u $(SKIPPED) | paste -s -d ';' - | sed 's/;/; /g')"; \
	else echo "nothing was skipped"; fi

# The libraries come first, since the C programs of the tests link them; built together with the tests, so that both
# agree on the features of their dependencies and nothing is compiled twice.
rust-tests:
	$(CARGO) build --lib --tests --features header
	TIEBACK_SKIPPED=$(CURDIR)/$(SKIPPED) $(CARGO) test --features header

check: ## formatting, lints, and the tests about the code itself
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --all-features -- -D warnings
	$(CARGO) test --features header --test tidy --test header
	$(python-check)

header: ## write include/tieback.h anew from src/capi
	$(CARGO) build --lib --features header
	cp "$$(ls -t target/debug/build/tieback-*/out/tieback.h | head -n 1)" include/tieback.h

operations: ## write docs/operations.md anew from the table in src/ops
	-$(CARGO) test --test operations documentation
	cp target/operations.md docs/operations.md

abi: ## describe the ABI in abi/tieback.abi anew, on purpose (abi/README.md)
	rm -f target/tieback.abi
	-$(CARGO) test --features header --test abi described
	cp target/tieback.abi abi/tieback.abi

sim: ## run the simulation over many seeds (SEEDS=10000)
	TIEBACK_SIM_SEEDS=$(SEEDS) $(CARGO) test --test simulation -- --nocapture

fuzz: ## fuzz URLs, JSON, lanes and the C ABI on this toolchain (FUZZ_SECONDS=60 each, at the same time)
	TIEBACK_FUZZ_SECONDS=$(FUZZ_SECONDS) $(CARGO) test --test fuzz -- --nocapture --test-threads 4

cycles: ## open, publish and close CYCLES=100000 times; memory, descriptors and threads stay as they were
	$(CARGO) build --lib --tests --features header
	TIEBACK_CYCLES=$(CYCLES) $(CARGO) test --features header --test c cycles_of -- --nocapture

# ---- proof by a nightly toolchain: nothing else here needs one ----

HOST = $(shell rustc -vV | sed -n 's/^host: //p')
NIGHTLY = rustup toolchain install nightly --component miri --component rust-src

miri: ## run the C boundary's own tests under Miri (needs a nightly toolchain)
	@$(CARGO) +nightly miri --version >/dev/null 2>&1 || { echo "no Miri here: $(NIGHTLY)" >&2; exit 1; }
	MIRIFLAGS='-Zmiri-strict-provenance -Zmiri-disable-isolation' \
		$(CARGO) +nightly miri test --lib --features header --target-dir target/miri -- capi::

fuzz-asan: ## fuzz with AddressSanitizer, FUZZ_SECONDS=60 each (needs a nightly toolchain)
	@$(CARGO) +nightly --version >/dev/null 2>&1 || { echo "no nightly here: $(NIGHTLY)" >&2; exit 1; }
	TIEBACK_FUZZ_SECONDS=$(FUZZ_SECONDS) RUSTFLAGS=-Zsanitizer=address $(CARGO) +nightly test --test fuzz \
		--target $(HOST) --target-dir target/asan -- --nocapture --test-threads 4

bench: ## measure speed against baselines in the same run (BENCH="hooks stored", SIZE="--rounds 9")
	$(CARGO) bench --bench speed -- $(BENCH) $(SIZE)
	$(if $(BENCH),,$(CARGO) bench --bench opening)
	$(if $(BENCH),,$(CARGO) bench --bench loading)
	$(if $(BENCH),,$(CARGO) bench --bench calls)
	$(if $(BENCH),,$(MAKE) --no-print-directory python-bench)

# ---- the Python module ----

# The wheel has a profile of its own, and so a folder of its own: it is built without the C ABI, and cargo gives both
# builds of libtieback the same file name.
WHEEL_PROFILE := wheel
PIP_QUIET := --quiet --disable-pip-version-check
WHEEL_SOURCES := Cargo.toml Cargo.lock build.rs .cargo/config.toml scripts/unpack_sdist.py \
	$(shell find build src data -type f) \
	$(shell find python -name tests -prune -o -name __pycache__ -prune -o -type f -print)

$(VENV)/requirements.stamp: python/requirements-dev.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install $(PIP_QUIET) --requirement $<
	@touch $@

# The wheel is built by pip out of the source distribution, as on a machine that gets no wheel: what is missing in it is
# missed here. Unpacked in one place and built in the target directory of all, it costs no second build.
$(VENV)/module.stamp: $(VENV)/requirements.stamp $(WHEEL_SOURCES)
	rm -rf target/wheels target/sdists
	$(VENV)/bin/maturin sdist --manifest-path python/Cargo.toml --out target/sdists </dev/null >target/sdist.log 2>&1 \
		|| { cat target/sdist.log; exit 1; }
	$(VENV)/bin/python scripts/unpack_sdist.py target/sdists/*.tar.gz target/sdist
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" MATURIN_PEP517_ARGS="--profile $(WHEEL_PROFILE) --auditwheel skip" \
		$(VENV)/bin/pip wheel $(PIP_QUIET) --no-cache-dir --no-build-isolation --no-index --no-deps \
		--wheel-dir target/wheels target/sdist/* </dev/null
	$(VENV)/bin/pip install $(PIP_QUIET) --no-index --no-deps --force-reinstall target/wheels/*.whl
	@touch $@

.PHONY: python-module
python-module: $(VENV)/module.stamp ## build the Python sdist and wheel, install the wheel in target/venv

# Against the installed wheel, never the source folder: so never with python/ as the working directory.
python-tests: python-module
	TIEBACK_SKIPPED=$(CURDIR)/$(SKIPPED) $(VENV)/bin/python -m pytest python/tests
	$(VENV)/bin/python -m mypy.stubtest tieback
	$(VENV)/bin/python -m mypy --strict --cache-dir target/mypy --package tieback
	$(VENV)/bin/python -m mypy --strict --cache-dir target/mypy python/tests examples/python benches/python.py scripts

# Of a wheel as users get it, optimised, in a folder of its own.
.PHONY: python-bench
python-bench: $(VENV)/requirements.stamp ## measure import and calls of an optimised Python wheel
	rm -rf target/bench-python
	$(VENV)/bin/maturin build --quiet --locked --release --manifest-path python/Cargo.toml \
		--interpreter $(VENV)/bin/python --auditwheel skip --out target/bench-python </dev/null
	$(VENV)/bin/pip install $(PIP_QUIET) --no-index --no-deps --target target/bench-python target/bench-python/*.whl
	PYTHONPATH=target/bench-python $(VENV)/bin/python benches/python.py

define python-check
$(CARGO) fmt --check --manifest-path python/Cargo.toml
$(CARGO) clippy --manifest-path python/Cargo.toml --locked --all-targets --profile $(WHEEL_PROFILE) -- -D warnings
endef

# ---- installing ----

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DOCDIR ?= $(PREFIX)/share/doc/tieback
# A folder with what was built already. Then nothing is built: `sudo make install BUILT=target/release` needs no cargo.
BUILT ?=

install-script = PREFIX='$(PREFIX)' BINDIR='$(BINDIR)' LIBDIR='$(LIBDIR)' INCLUDEDIR='$(INCLUDEDIR)' \
	DOCDIR='$(DOCDIR)' DESTDIR='$(DESTDIR)' scripts/install.sh

build: preflight ## build what `make install` installs, in target/release
	$(CARGO) build --release --locked --lib --bins

install: $(if $(BUILT),,build) ## install libraries, headers, command (PREFIX=/usr/local LIBDIR= DESTDIR= BUILT=)
	@$(install-script) put '$(or $(BUILT),target/release)'

uninstall: ## remove what install has put there, by the same variables
	@$(install-script) remove

clean: ## remove everything that was built
	rm -rf target
