#!/bin/sh
# Installs with apt what `make system` tests with and this machine lacks. Root, Debian 12.
set -eu

missing=""
for pair in newsboat:newsboat chromium:chromium xmllint:libxml2-utils sqlite3:sqlite3 systemd-analyze:systemd \
    faketime:faketime strace:strace ip:iproute2; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
if [ -n "$missing" ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086 # a list of words
  apt-get install -qq -y --no-install-recommends $missing >/dev/null
fi
