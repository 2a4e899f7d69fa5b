#!/usr/bin/env bash
# Checks every SQL statement against the real schema, and refreshes the offline data in .sqlx/.
#
# Starts a throw-away PostgreSQL, applies our migrations and those of the job library, and compiles
# against it. It uses no program of ours, so it also works when .sqlx/ is missing or stale.
#
# usage: scripts/sqlx.sh [--check]     --check: fail when .sqlx/ is not what is committed
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."

bin=$(scripts/postgres-bin.sh) || { echo "sqlx: no PostgreSQL server found; run scripts/setup.sh" >&2; exit 1; }
folder=$(mktemp -d)
chmod 755 "$folder"

# PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" != 0 ]; then
    "$@"
  elif id postgres >/dev/null 2>&1; then
    runuser -u postgres -- "$@"
  else
    runuser -u nobody -- "$@"
  fi
}

clean_up() {
  if [ -f "$folder/server/cluster/postmaster.pid" ]; then
    as_owner "$bin/pg_ctl" -D "$folder/server/cluster" -m immediate stop >/dev/null || true
  fi
  rm -rf "$folder"
}
trap clean_up EXIT

mkdir -m 755 "$folder/server"
if [ "$(id -u)" = 0 ]; then
  chown "$(id postgres >/dev/null 2>&1 && echo postgres || echo nobody)" "$folder/server"
fi
cd "$folder" # Where the server's user may be.
as_owner "$bin/initdb" -D "$folder/server/cluster" -U nottario -A trust -E UTF8 --no-locale --no-sync >/dev/null
as_owner "$bin/pg_ctl" -D "$folder/server/cluster" -l "$folder/server/log" -w \
  -o "-k $folder/server -c listen_addresses='' -c fsync=off" start >/dev/null
cd - >/dev/null

sql() { "$bin/psql" -X -q -h "$folder/server" -U nottario -d postgres -v ON_ERROR_STOP=1 "$@"; }
for file in migrations/*.sql; do
  sql --single-transaction -f "$file" >/dev/null
done
jobs=$(cargo metadata --locked --format-version 1 --filter-platform "$(rustc -vV | sed -n "s/^host: //p")" |
  grep -o '"manifest_path":"[^"]*/apalis-postgres-[^"]*/Cargo.toml"' | head -n 1 | cut -d '"' -f 4)
sql -c "create schema if not exists apalis"
for file in "$(dirname "$jobs")"/migrations/*.sql; do
  PGOPTIONS="-c client_min_messages=warning" sql --single-transaction -f "$file" >/dev/null
done

# The macros run again only in what is compiled again.
touch src/lib.rs src/main.rs tests/*/main.rs benches/*.rs benches/*/main.rs
mkdir "$folder/offline"
SQLX_OFFLINE=false \
  SQLX_OFFLINE_DIR="$folder/offline" \
  NOTTARIO_CHECK_DATABASE_URL="postgres://nottario@localhost/postgres?host=$folder/server" \
  cargo check --locked --all-targets

rm -rf .sqlx
mkdir .sqlx
cp "$folder"/offline/*.json .sqlx/

if [ "${1:-}" = --check ] && [ -n "$(git status --porcelain .sqlx)" ]; then
  git status --short .sqlx >&2
  echo "sqlx: .sqlx/ was not up to date and has been refreshed; commit it" >&2
  exit 1
fi
