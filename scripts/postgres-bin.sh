#!/usr/bin/env bash
# Prints the folder of a PostgreSQL server's programs, looking where Nottario itself looks.
# Exit status 1 when there is none.
set -euo pipefail
shopt -s nullglob

candidates=()
if [ -n "${NOTTARIO_POSTGRES_BIN_DIR:-}" ]; then
  candidates+=("$NOTTARIO_POSTGRES_BIN_DIR")
else
  if command -v pg_config >/dev/null; then candidates+=("$(pg_config --bindir)"); fi
  if command -v initdb >/dev/null; then candidates+=("$(dirname "$(command -v initdb)")"); fi
  # Highest version first.
  while IFS= read -r folder; do candidates+=("$folder"); done < <(
    printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
      /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
      /Applications/Postgres.app/Contents/Versions/*/bin | sort -rV
  )
fi

for folder in ${candidates[@]+"${candidates[@]}"}; do
  if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
    echo "$folder"
    exit 0
  fi
done
exit 1
