#!/usr/bin/env bash
# Installs the clients that the tests drive the agents' endpoint with.
set -euo pipefail
cd "$(dirname "$0")/.."

setup_clients() {
  : # The tests use the client that is compiled into them; other SDKs are installed here.
}

setup_clients
