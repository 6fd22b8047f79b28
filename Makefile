# Everything that one does with this repository. `make help` lists it.

# One directory for whatever is built, the Python wheel and its environment included.
export CARGO_TARGET_DIR := $(CURDIR)/target

PYTHON ?= python3
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
SEEDS ?= 10000
FUZZ_SECONDS ?= 60

# Nothing that cargo starts may wait for the terminal.
CARGO := </dev/null cargo
VENV := target/venv
SKIPPED := target/skipped.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.NOTPARALLEL:
.PHONY: help preflight demo test rust-tests python-tests check header sim fuzz bench install uninstall clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

preflight: ## say what this machine lacks for a build, and how to get it
	@PYTHON='$(PYTHON)' scripts/preflight.sh

demo: preflight ## see it work: hooks, real deliveries, the log; from C, then from Python
	$(CARGO) build --lib
	$(CC) -std=c99 -Wall -Wextra -pedantic -Werror -Iinclude -o target/demo examples/c/demo.c target/debug/libtieback.a \
		$(STATIC_NEEDS)
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

sim: ## run the simulation over many seeds (SEEDS=10000)
	TIEBACK_SIM_SEEDS=$(SEEDS) $(CARGO) test --test simulation -- --nocapture

fuzz: ## fuzz URLs, JSON and lanes on this toolchain (FUZZ_SECONDS=60 each, at the same time)
	TIEBACK_FUZZ_SECONDS=$(FUZZ_SECONDS) $(CARGO) test --test fuzz -- --nocapture --test-threads 3

bench: ## measure speed against baselines in the same run (BENCH="hooks stored", SIZE="--rounds 9")
	$(CARGO) bench --bench speed -- $(BENCH) $(SIZE)
	$(if $(BENCH),,$(CARGO) bench --bench opening)
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

VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml | head -n 1)
# What the shared library's name ends in: 0.MINOR, from 1.0 on MAJOR. build/version.rs has the same rule.
ABI := $(shell echo $(VERSION) | sed -e 's/^\(0\.[0-9]*\)\..*/\1/' -e 's/^\([1-9][0-9]*\)\..*/\1/')

ifeq ($(shell uname -s),Darwin)
BUILT_LIBRARY := libtieback.dylib
FULL_NAME := libtieback.$(VERSION).dylib
ABI_NAME := libtieback.$(ABI).dylib
STATIC_NEEDS := -framework Security -framework CoreFoundation -liconv -lSystem -lc -lm
else
BUILT_LIBRARY := libtieback.so
FULL_NAME := libtieback.so.$(VERSION)
ABI_NAME := libtieback.so.$(ABI)
# What `rustc --print native-static-libs` says.
STATIC_NEEDS := -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc
endif

install: preflight ## install the C library, header and pkg-config file (PREFIX=/usr/local, DESTDIR=)
	$(CARGO) build --release --lib
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)
	install -m 755 target/release/$(BUILT_LIBRARY) $(DESTDIR)$(LIBDIR)/$(FULL_NAME)
	ln -sf $(FULL_NAME) $(DESTDIR)$(LIBDIR)/$(ABI_NAME)
	ln -sf $(ABI_NAME) $(DESTDIR)$(LIBDIR)/$(BUILT_LIBRARY)
	install -m 644 target/release/libtieback.a $(DESTDIR)$(LIBDIR)/libtieback.a
	install -m 644 include/tieback.h $(DESTDIR)$(INCLUDEDIR)/tieback.h
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)|' \
		-e 's|@VERSION@|$(VERSION)|' -e 's|@STATIC_NEEDS@|$(STATIC_NEEDS)|' scripts/tieback.pc.in \
		>$(DESTDIR)$(LIBDIR)/pkgconfig/tieback.pc

uninstall: ## remove what install has put there
	cd $(DESTDIR)$(LIBDIR) && rm -f $(FULL_NAME) $(ABI_NAME) $(BUILT_LIBRARY) libtieback.a pkgconfig/tieback.pc
	rm -f $(DESTDIR)$(INCLUDEDIR)/tieback.h

clean: ## remove everything that was built
	rm -rf target
