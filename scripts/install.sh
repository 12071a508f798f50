#!/bin/sh
# Installs the aggregator as a system service: `sudo make install`. Run it again to upgrade; it keeps what editors wrote.
#
#   /opt/aggregator            the program with its dependencies, each checked against requirements.lock
#   /usr/local/bin/aggregator  the command, for every member of the group `aggregator`
#   /etc/aggregator            feeds.toml (a starter, when there is none) and credentials/
#   /var/lib/aggregator        the store and the output
#
# PYTHON names another interpreter (3.11 or newer). With DESTDIR everything goes below that directory, for packagers
# and tests: no user is made, nothing is started.
set -eu
umask 022

root=$(cd "$(dirname "$0")/.." && pwd)
dest=${DESTDIR:-}
dest=${dest%/}
python=${PYTHON:-python3}
home=/opt/aggregator
new=$dest$home.new

say() { printf '%s\n' "$*"; }

die() {
    printf 'install: %s\n' "$*" >&2
    exit 1
}

require() {
    if [ -z "$dest" ]; then
        [ "$(id -u)" -eq 0 ] || die "needs root: sudo make install"
        for tool in systemd-sysusers systemd-tmpfiles; do
            command -v "$tool" >/dev/null || die "$tool is missing: this needs a system with systemd"
        done
    fi
    "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        die "$python is older than 3.11 or lacks venv (Debian: apt install python3-venv); PYTHON=... names another"
    [ -f "$root/requirements.lock" ] || die "$root/requirements.lock is missing"
}

pip() { "$new/bin/python" -m pip --quiet --disable-pip-version-check --no-input "$@"; }

# Beside the old one, so that a download that fails leaves a working program behind.
build() {
    say "Building $dest$home (some minutes at first) ..."
    rm -rf "$new"
    mkdir -p "$dest/opt"
    "$python" -m venv "$new"
    pip install --require-hashes -r "$root/requirements.lock"
    pip install --no-deps --no-build-isolation "$root"
    # A venv writes its own path into its files; the directory gets its real name only now.
    for script in "$new"/bin/* "$new/pyvenv.cfg"; do
        if [ -f "$script" ] && [ ! -h "$script" ]; then
            sed -i "s#$new#$home#g" "$script"
        fi
    done
    mkdir -p "$new/share/doc"
    for page in "$root"/README.md "$root"/docs/*.md; do
        [ ! -f "$page" ] || install -m 0644 "$page" "$new/share/doc/"
    done
    rm -rf "$dest$home.old"
    [ ! -d "$dest$home" ] || mv "$dest$home" "$dest$home.old"
    mv "$new" "$dest$home"
    rm -rf "$dest$home.old"
}

wrapper() {
    cat <<'END'
#!/bin/sh
# The aggregator's command for people: the same configuration, store and output as the service has. What is set in
# the environment wins, then what /etc/default/aggregator sets for the service, then the service's defaults.
set -eu
umask 0007 # what a member of the group writes, the group and the daemon can write
if [ -r /etc/default/aggregator ]; then
    while IFS='=' read -r name value || [ -n "$name" ]; do
        value=${value#\"}
        value=${value%\"}
        case $name in
            AGGREGATOR_CONFIG) : "${AGGREGATOR_CONFIG:=$value}" ;;
            AGGREGATOR_DATABASE) : "${AGGREGATOR_DATABASE:=$value}" ;;
            AGGREGATOR_OUTPUT) : "${AGGREGATOR_OUTPUT:=$value}" ;;
        esac
    done </etc/default/aggregator
fi
: "${AGGREGATOR_CONFIG:=/etc/aggregator/feeds.toml}"
: "${AGGREGATOR_DATABASE:=sqlite:/var/lib/aggregator/aggregator.db}"
: "${AGGREGATOR_OUTPUT:=/var/lib/aggregator/output}"
export AGGREGATOR_CONFIG AGGREGATOR_DATABASE AGGREGATOR_OUTPUT
exec /opt/aggregator/bin/aggregator "$@"
END
}

files() {
    install -D -m 0644 "$root/systemd/aggregator.service" "$dest/etc/systemd/system/aggregator.service"
    install -D -m 0644 "$root/systemd/aggregator.sysusers.conf" "$dest/etc/sysusers.d/aggregator.conf"
    install -D -m 0644 "$root/systemd/aggregator.tmpfiles.conf" "$dest/etc/tmpfiles.d/aggregator.conf"
    install -d -m 0755 "$dest/usr/local/bin"
    wrapper >"$dest/usr/local/bin/aggregator"
    chmod 0755 "$dest/usr/local/bin/aggregator"
}

directories() {
    if [ -n "$dest" ]; then
        install -d -m 2770 "$dest/etc/aggregator" "$dest/var/lib/aggregator"
        install -d -m 0700 "$dest/etc/aggregator/credentials"
        install -d -m 0755 "$dest/var/lib/aggregator/output"
        chmod g-s "$dest/etc/aggregator/credentials" "$dest/var/lib/aggregator/output" # they inherit it
        return
    fi
    systemd-sysusers /etc/sysusers.d/aggregator.conf
    # It fails on the line for www-data where that user does not exist, after making the directories all the same.
    systemd-tmpfiles --create /etc/tmpfiles.d/aggregator.conf || [ -d /var/lib/aggregator/output ] ||
        die "the directories could not be made"
}

configuration() {
    if [ ! -e "$dest/etc/aggregator/feeds.toml" ]; then
        install -m 0660 "$root/feeds.toml" "$dest/etc/aggregator/feeds.toml"
        [ -n "$dest" ] || chgrp aggregator /etc/aggregator/feeds.toml
        say "Wrote $dest/etc/aggregator/feeds.toml, a starter to be changed."
    fi
    # The schema belongs to the program: it is what the reader's own editor checks feeds.toml with.
    [ ! -f "$root/feeds.schema.json" ] ||
        install -m 0664 "$root/feeds.schema.json" "$dest/etc/aggregator/feeds.schema.json"
}

restart() {
    if [ -z "$dest" ] && [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        systemctl try-restart aggregator.service # only where it runs already
    fi
}

next() {
    cat <<END

Installed. What to do next:

  1. Put your address into "contact" and your feeds into /etc/aggregator/feeds.toml, then:  aggregator check
  2. Start it, now and at every boot:       systemctl enable --now aggregator
  3. See how it does:                       aggregator status      journalctl -u aggregator -f
  4. Read it:                               http://127.0.0.1:8080/
  5. Let an editor use the commands:        usermod -aG aggregator NAME   (from the next login on)

$home/share/doc/operations.md tells the rest. scripts/uninstall.sh takes the program away and keeps the data.
END
}

# In one function, so that the shell has read the whole file before it does anything.
main() {
    require
    build
    files
    directories
    configuration
    restart
    next
}

main
