#!/usr/bin/env bash
# Runs one program of the demo on a store of its own, against an endpoint of its own that refuses the first two requests
# of each hook; then prints what the endpoint saw. `make demo` calls it once for C and once for Python.
#
#   demo.sh LANGUAGE PROGRAM [ARGUMENT...]
set -euo pipefail
cd "$(dirname "$0")/.."
language=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The endpoint serves until its standard input ends.
mkfifo "$folder/stdin"
"${PYTHON:-python3}" examples/receiver.py "$folder/port" 2 <"$folder/stdin" >"$folder/seen" &
receiver=$!
exec 3>"$folder/stdin"
while [ ! -s "$folder/port" ]; do
    kill -0 "$receiver" || { echo "the endpoint did not start" >&2; exit 1; }
    sleep 0.05
done

echo "== from $language =="
"$@" "$folder/hooks.db" "http://127.0.0.1:$(cat "$folder/port")" examples/events.jsonl 3>&-
exec 3>&-
wait "$receiver"
echo "what the endpoint saw"
sed 's/^/  /' "$folder/seen"
