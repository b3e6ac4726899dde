#!/usr/bin/env bash
# Debian packages that some tests need: installed where this is a root shell on Debian, else named.
#   tests/system.sh chromium [...]
set -euo pipefail
missing=()
for name in "$@"; do command -v "$name" >/dev/null || missing+=("$name"); done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
    echo "not installed, tests that need them are skipped: ${missing[*]}" >&2
fi
