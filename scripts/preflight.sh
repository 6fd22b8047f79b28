#!/bin/sh
# Says which tools a build needs and this machine lacks, and how to get them. Silent when all are there.
set -u

missing=0

# lacks WHAT HOW: notes something missing.
lacks() {
    missing=1
    printf 'missing: %s\n         %s\n' "$1" "$2" >&2
}

# packages APT DNF BREW: how this machine installs them.
packages() {
    if command -v apt-get >/dev/null 2>&1; then
        echo "get it with: sudo apt-get install $1"
    elif command -v dnf >/dev/null 2>&1; then
        echo "get it with: sudo dnf install $2"
    elif command -v brew >/dev/null 2>&1; then
        echo "get it with: brew install $3"
    else
        echo "get it from your system's packages"
    fi
}

# at_least MAJOR MINOR VERSION: whether VERSION is that new.
at_least() {
    major=${3%%.*}
    rest=${3#*.}
    minor=${rest%%.*}
    [ "$major" -gt "$1" ] || { [ "$major" -eq "$1" ] && [ "$minor" -ge "$2" ]; }
}

rustup='get it from https://rustup.rs, or with: rustup update stable'
rust_minimum=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$(dirname "$0")/../Cargo.toml")

for tool in cargo rustc; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        lacks "$tool, Rust $rust_minimum or later" "$rustup"
    fi
done
if command -v rustc >/dev/null 2>&1; then
    rust=$(rustc --version | cut -d ' ' -f 2)
    if ! at_least "${rust_minimum%%.*}" "${rust_minimum#*.}" "$rust"; then
        lacks "Rust $rust_minimum or later (this is $rust)" "$rustup"
    fi
fi

if ! command -v "${CC:-cc}" >/dev/null 2>&1; then
    lacks "a C compiler (${CC:-cc})" "$(packages build-essential gcc gcc)"
fi

if ! command -v make >/dev/null 2>&1; then
    lacks "make" "$(packages make make make)"
fi

python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null 2>&1; then
    lacks "$python, Python 3.10 or later" "$(packages 'python3 python3-venv' python3 python)"
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    lacks "Python 3.10 or later (this is $("$python" -V 2>&1))" "$(packages 'python3 python3-venv' python3 python)"
elif ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    lacks "Python's venv module" "$(packages python3-venv python3 python)"
fi

exit "$missing"
