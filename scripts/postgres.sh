#!/usr/bin/env bash
# A throw-away PostgreSQL for other scripts, from the server programs on the machine.
#
#   scripts/postgres.sh where       prints the folder of the newest server programs, or fails
#   scripts/postgres.sh start DIR   makes a database in the empty folder DIR, starts it and prints its DATABASE_URL
#   scripts/postgres.sh serve DIR   the same with fsync on, without which no node starts on it
#   scripts/postgres.sh stop DIR    ends it; DIR may be removed then
#
# It listens on a socket in DIR only, and trusts whoever can enter DIR. After `start` its data does not outlive a crash:
# fsync is off. PostgreSQL refuses to run as root, so for root it runs as `postgres` or `nobody`, who must be able to reach DIR.
set -euo pipefail

oldest=14

major_of() {
    "$1/postgres" --version 2>/dev/null | sed -E 's/.*\(PostgreSQL\) ([0-9]+).*/\1/'
}

where() {
    local folder major best='' best_major=0
    local path_folders
    IFS=: read -ra path_folders <<<"$PATH"
    for folder in "${path_folders[@]}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin \
        /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && [ -x "$folder/pg_ctl" ] || continue
        major=$(major_of "$folder")
        if [ "${major:-0}" -ge "$oldest" ] && [ "$major" -gt "$best_major" ]; then
            best=$folder best_major=$major
        fi
    done
    [ -n "$best" ] && echo "$best"
}

programs() {
    where || {
        echo "PostgreSQL's server programs, version $oldest or newer, are missing: run scripts/setup.sh" >&2
        return 1
    }
}

server_user() {
    if [ "$(id -u)" -ne 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# Runs a program as the server's user, in a folder that everybody can enter.
as_server() {
    cd /
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u "$(server_user)" -- env LC_ALL=C "$@"
    else
        env LC_ALL=C "$@"
    fi
}

# Percent-encodes a path for the place of the host in a URL.
encode() {
    local text=$1 encoded='' letter
    while [ -n "$text" ]; do
        letter=${text:0:1} text=${text:1}
        case $letter in
        [a-zA-Z0-9._-]) encoded+=$letter ;;
        *) encoded+=$(printf '%%%02X' "'$letter") ;;
        esac
    done
    echo "$encoded"
}

start() {
    local dir bin careless='-F -c full_page_writes=off'
    [ "$2" != durable ] || careless=''
    mkdir -p "$1"
    dir=$(cd "$1" && pwd -P)
    bin=$(programs)
    if [ "$(id -u)" -eq 0 ]; then
        chown "$(server_user):" "$dir"
        as_server test -x "$dir" || {
            echo "the user $(server_user), who runs PostgreSQL for root, cannot reach $dir" >&2
            return 1
        }
    fi
    (as_server "$bin/initdb" --pgdata="$dir/pg" --username=pintle --auth=trust --encoding=UTF8 --locale=C --no-sync \
        --no-instructions >/dev/null)
    (echo 'CREATE DATABASE pintle' |
        as_server "$bin/postgres" --single -D "$dir/pg" -F -c exit_on_error=on -c log_checkpoints=off postgres >/dev/null)
    (as_server "$bin/pg_ctl" start --wait --silent --pgdata="$dir/pg" --log="$dir/log" --timeout=120 --options="$careless \
        -c listen_addresses= -c unix_socket_directories='$dir' -c unix_socket_permissions=0700 -c jit=off" </dev/null >/dev/null) || {
        (as_server tail -n 20 "$dir/log" >&2)
        return 1
    }
    echo "postgres://pintle@$(encode "$dir"):5432/pintle"
}

stop() {
    local dir bin
    dir=$(cd "$1" && pwd -P)
    bin=$(programs)
    [ ! -e "$dir/pg/postmaster.pid" ] || (as_server "$bin/pg_ctl" stop --silent --pgdata="$dir/pg" --mode=immediate)
}

case "${1:-} $#" in
'where 1') where ;;
'start 2') start "$2" careless ;;
'serve 2') start "$2" durable ;;
'stop 2') stop "$2" ;;
*)
    echo "usage: $0 where | start DIR | serve DIR | stop DIR" >&2
    exit 2
    ;;
esac
