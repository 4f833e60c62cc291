#!/bin/sh
# /usr/local/bin/rollbook: any command, as the user and with the settings of the service.
umask 0077
export ROLLBOOK_CONFIG=/etc/rollbook/rollbook.toml HOME=/var/lib/rollbook
exec runuser --user rollbook -- /opt/rollbook/current/bin/rollbook "$@"
