#!/bin/sh
# Gets the browser that tests/browser drives, where the system's package manager can; otherwise those tests skip.
for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq </dev/null >/dev/null 2>&1
    $as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core </dev/null >/dev/null 2>&1 && exit 0
fi
echo "no Chromium here and none could be installed: the tests that drive a browser are skipped" >&2
