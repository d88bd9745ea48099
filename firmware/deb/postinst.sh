#!/bin/sh
# After unpacking: the account the box runs as, who may read its files, and the service.
set -e

[ "$1" = configure ] || exit 0

if ! getent passwd callbox >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/callbox --no-create-home --shell /usr/sbin/nologin callbox
fi
chown root:callbox /etc/callbox /etc/callbox/office.hcl
chmod 0750 /etc/callbox

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl enable callbox.service
  systemctl restart callbox.service
fi
