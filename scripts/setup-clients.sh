#!/usr/bin/env bash
# Installs the official MCP clients that tests/it/clients.rs drives the agents' endpoint with.
#
# Into the ignored folder .clients/, one folder each: python-1, python-2, node. Everything is pinned
# in tests/clients/. Does nothing, quickly, when all is there. What cannot be installed (no Python,
# no Node.js, no registry in reach) is said in one line and noted in .clients/<name>.missing; its
# tests are skipped then, and fail instead when NOTTARIO_REQUIRE_CLIENTS is set.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/.clients
pins=$PWD/tests/clients

# Runs an installer once for each content of its pins.
install() {
  local name=$1 program=$2 installer=$3
  shift 3
  local wanted log=$folder/$name.log
  wanted=$(cat "$@" | cksum)
  if [ "$(cat "$folder/$name/installed" 2>/dev/null)" = "$wanted" ]; then return; fi

  echo "setup-clients: installing $name" >&2
  rm -rf "${folder:?}/$name" "$folder/$name.missing"
  mkdir -p "$folder/$name"
  if ! command -v "$program" >/dev/null; then
    miss "$name" "there is no $program"
  elif "$installer" "$folder/$name" "$@" >"$log" 2>&1; then
    echo "$wanted" >"$folder/$name/installed"
  else
    miss "$name" "$(tail -n 1 "$log") (all of it: .clients/$name.log)"
  fi
}

miss() {
  echo "setup-clients: NOT INSTALLED: $1: $2. Its tests will be SKIPPED." >&2
  echo "$2" >"$folder/$1.missing"
}

python_client() {
  python3 -m venv "$1" && "$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$2"
}

node_clients() {
  cp "$2" "$3" "$1" && (cd "$1" && npm ci --no-audit --no-fund --ignore-scripts)
}

mkdir -p "$folder"
install python-1 python3 python_client "$pins/python-1.txt"
install python-2 python3 python_client "$pins/python-2.txt"
install node npm node_clients "$pins/package.json" "$pins/package-lock.json"
