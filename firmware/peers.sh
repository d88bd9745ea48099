#!/usr/bin/env bash
# Installs the phones and carriers our tests talk to, when they are missing. Asks nothing; touches nothing else.
set -euo pipefail

missing=()
command -v sipp      >/dev/null || missing+=(sip-tester)
command -v baresip   >/dev/null || missing+=(baresip-core)
command -v linphonec >/dev/null || missing+=(linphone-cli)
command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || missing+=(chromium-headless-shell)
command -v espeak-ng >/dev/null || missing+=(espeak-ng)
command -v gcc       >/dev/null || missing+=(gcc libc6-dev)   # the race detector links with it
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "These are missing and this is no Debian: ${missing[*]}. Install SIPp, baresip, linphonec, chromium, espeak-ng and gcc, then run make test again." >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Missing: ${missing[*]}. Run as root: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing for the tests: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -q update </dev/null
apt-cache show chromium-headless-shell >/dev/null 2>&1 || missing=("${missing[@]/chromium-headless-shell/chromium}") # one with windows does, too
"${as_root[@]}" apt-get -q install -y --no-install-recommends "${missing[@]}" </dev/null
