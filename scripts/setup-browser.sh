#!/usr/bin/env bash
# Makes sure that what the browser tests need is there: Chromium, and the accessibility checks.
#
# Chromium comes from the system's package manager when we may use it; the checks go into the
# ignored folder .clients/browser, pinned in tests/browser/. Does nothing, quickly, when all is
# there. What cannot be installed is said in one line and noted in .clients/browser.missing; the
# browser tests are skipped then, and fail instead when NOTTARIO_REQUIRE_BROWSER is set.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/.clients
pins=$PWD/tests/browser

miss() {
  echo "setup-browser: NOT INSTALLED: $1. The browser tests will be SKIPPED." >&2
  echo "$1" >"$folder/browser.missing"
  exit 0
}

privileged() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

find_chromium() {
  local name
  [ -n "${NOTTARIO_CHROMIUM:-}" ] && return
  for name in chromium chromium-browser google-chrome-stable google-chrome; do
    command -v "$name" >/dev/null && return
  done
  [ -d "/Applications/Google Chrome.app" ]
}

setup_chromium() {
  if find_chromium; then return; fi
  may_install || miss "there is no Chromium; install it, or set NOTTARIO_CHROMIUM to its path"
  echo "setup-browser: installing Chromium" >&2
  if command -v apt-get >/dev/null; then
    { privileged apt-get update -q &&
      privileged env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } >"$folder/browser.log" 2>&1
  elif command -v dnf >/dev/null; then
    privileged dnf install -y chromium >"$folder/browser.log" 2>&1
  elif command -v pacman >/dev/null; then
    privileged pacman -S --noconfirm --needed chromium >"$folder/browser.log" 2>&1
  elif command -v apk >/dev/null; then
    privileged apk add chromium >"$folder/browser.log" 2>&1
  fi || true
  find_chromium || miss "Chromium could not be installed (see .clients/browser.log); set NOTTARIO_CHROMIUM to its path"
}

setup_checks() {
  local wanted
  wanted=$(cat "$pins/package.json" "$pins/package-lock.json" | cksum)
  if [ "$(cat "$folder/browser/installed" 2>/dev/null)" = "$wanted" ]; then return; fi
  command -v npm >/dev/null || miss "there is no npm for the accessibility checks"
  echo "setup-browser: installing the accessibility checks" >&2
  rm -rf "${folder:?}/browser"
  mkdir -p "$folder/browser"
  cp "$pins/package.json" "$pins/package-lock.json" "$folder/browser"
  (cd "$folder/browser" && npm ci --no-audit --no-fund --ignore-scripts) >"$folder/browser.log" 2>&1 ||
    miss "the accessibility checks could not be installed (see .clients/browser.log)"
  echo "$wanted" >"$folder/browser/installed"
}

mkdir -p "$folder"
rm -f "$folder/browser.missing"
setup_chromium
setup_checks
