#!/usr/bin/env bash
# The demo: a loopback endpoint that refuses the first two requests of each hook, and the same work done from C and from
# Python, each on an embedded store of its own. `make demo` builds what this needs and calls it.
#
#   demo.sh C_PROGRAM PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."
c_program=$1
python=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Runs one program against an endpoint of its own, and prints what the endpoint saw.
against_endpoint() {
    local name=$1
    shift
    mkfifo "$folder/$name.stdin"
    python3 examples/receiver.py "$folder/$name.port" 2 <"$folder/$name.stdin" >"$folder/$name.seen" &
    local receiver=$!
    exec 3>"$folder/$name.stdin"
    while [ ! -s "$folder/$name.port" ]; do
        kill -0 "$receiver" || { echo "the endpoint did not start" >&2; exit 1; }
        read -rt 0.05 <> <(:) || true
    done
    echo "== from $name =="
    "$@" "$folder/$name.db" "http://127.0.0.1:$(cat "$folder/$name.port")" examples/events.jsonl
    exec 3>&-
    wait "$receiver"
    echo "what the endpoint saw"
    sed 's/^/  /' "$folder/$name.seen"
    echo
}

against_endpoint C "$c_program"
against_endpoint Python "$python" examples/python/demo.py
