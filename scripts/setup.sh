#!/usr/bin/env bash
# Makes sure that what a build and an embedded database need is there.
#
# Installs a PostgreSQL server with the system's package manager when it is missing and we may;
# otherwise says in one line what to install. Does nothing, quickly, when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "setup: $*" >&2; exit 1; }

# Runs a command with the rights to install: as root, or through sudo that asks for no password.
privileged() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

# Prints the command that installs the server on this system; nothing when we know none.
install_command() {
  if command -v apt-get >/dev/null; then
    echo "apt-get install -y --no-install-recommends postgresql"
  elif command -v dnf >/dev/null; then
    echo "dnf install -y postgresql-server postgresql-contrib"
  elif command -v zypper >/dev/null; then
    echo "zypper --non-interactive install postgresql-server postgresql-contrib"
  elif command -v pacman >/dev/null; then
    echo "pacman -S --noconfirm --needed postgresql"
  elif command -v apk >/dev/null; then
    echo "apk add postgresql postgresql-contrib"
  elif command -v brew >/dev/null; then
    echo "brew install postgresql@17"
  fi
}

install() {
  echo "setup: $*" >&2
  case $1 in
    brew) "$@" ;; # Refuses to run as root.
    apt-get)
      privileged apt-get update -q
      privileged env DEBIAN_FRONTEND=noninteractive "$@"
      ;;
    *) privileged "$@" ;;
  esac
}

setup_postgres() {
  if scripts/postgres-bin.sh >/dev/null; then return; fi
  local command
  command=$(install_command)
  [ -n "$command" ] || fail "install a PostgreSQL server, version 15 or newer, with its contrib modules"
  case $command in
    brew*) install $command || fail "install a PostgreSQL server: $command" ;;
    *)
      may_install || fail "install a PostgreSQL server: sudo $command"
      install $command || fail "install a PostgreSQL server: sudo $command"
      ;;
  esac
  scripts/postgres-bin.sh >/dev/null ||
    fail "PostgreSQL was installed, but not where it is looked for; set NOTTARIO_POSTGRES_BIN_DIR to its bin folder"
}

command -v cargo >/dev/null || fail "install Rust 1.95 or newer: https://rustup.rs"
setup_postgres
