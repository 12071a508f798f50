#!/bin/sh
# Takes the program away: `sudo make uninstall`. What editors wrote and what was gathered stays, and so does its owner:
# /etc/aggregator, /var/lib/aggregator, the user and the group. The last lines say how to remove those too.
# With DESTDIR everything is taken from below that directory, and nothing is stopped.
set -eu

dest=${DESTDIR:-}
dest=${dest%/}

if [ -z "$dest" ]; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "uninstall: needs root: sudo make uninstall" >&2
        exit 1
    fi
    if [ -d /run/systemd/system ] && [ -e /etc/systemd/system/aggregator.service ]; then
        systemctl disable --now aggregator.service
    fi
fi
rm -f "$dest/etc/systemd/system/aggregator.service" "$dest/etc/sysusers.d/aggregator.conf" \
    "$dest/etc/tmpfiles.d/aggregator.conf" "$dest/usr/local/bin/aggregator"
rm -rf "$dest/opt/aggregator" "$dest/opt/aggregator.new" "$dest/opt/aggregator.old"
if [ -z "$dest" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
cat <<'END'
The program is gone. Kept: /etc/aggregator, /etc/default/aggregator, /var/lib/aggregator, the user and group aggregator.
To remove them as well, and with them every story:
  rm -r /etc/aggregator /var/lib/aggregator; rm -f /etc/default/aggregator; userdel aggregator
END
