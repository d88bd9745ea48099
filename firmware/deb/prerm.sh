#!/bin/sh
# Before the files go: calls may end, then the box stops. An upgrade restarts it instead.
set -e

[ "$1" = remove ] || exit 0
if [ -d /run/systemd/system ]; then
  systemctl disable --now callbox.service
fi
