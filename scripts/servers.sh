# shellcheck shell=bash
# Private test servers and the Python environment that they live in, to be sourced by scripts/test and scripts/bench from the root.
#
# Each listens on 127.0.0.1 at a port of its own, keeps everything in one temporary folder, and is gone with it when the shell ends.
# Nothing of the machine's own MariaDB or PostgreSQL (data, port, service) is touched.

VENV=$PWD/target/test-venv
PYTHON=python3
servers_dir=""
servers_pids=()

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# A mark in the folder says which list it was made from: a half-made or an old environment is made again.
make_venv() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "python3 is older than 3.11 ($(python3 -V)): put a newer one first in PATH"
    if ! cmp -s scripts/requirements.txt "$VENV/made-from"; then
        rm -rf "$VENV"
        python3 -m venv "$VENV"
        "$VENV/bin/pip" install -q --disable-pip-version-check -r scripts/requirements.txt
        cp scripts/requirements.txt "$VENV/made-from"
    fi
}

# Ports below the kernel's own range, so that no outgoing connection can take one between here and the start.
free_ports() {
    "$PYTHON" - "$1" <<'PY'
import random, socket, sys
held, wanted = [], int(sys.argv[1])
while len(held) < wanted:
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", random.randrange(20000, 32000)))
        held.append(s)
    except OSError:
        s.close()
print(*(s.getsockname()[1] for s in held))
PY
}

# await NAME LOG PID COMMAND…: until COMMAND succeeds; the log's tail and a failure when PID dies first or 90 s pass.
await() {
    local name=$1 log=$2 pid=$3 deadline=$((SECONDS + 90))
    shift 3
    until "$@" >/dev/null 2>&1; do
        if ! kill -0 "$pid" 2>/dev/null || ((SECONDS > deadline)); then
            echo "$name did not start; the end of its log:" >&2
            tail -n 30 "$log" >&2
            return 1
        fi
        sleep 0.1
    done
}

# Servers refuse to run as root: then they run as the account that their package made.
as() {
    local user=$1
    shift
    if [ "$(id -u)" = 0 ]; then setpriv --reuid="$user" --regid="$user" --clear-groups -- "$@"; else "$@"; fi
}

own() {
    mkdir -m 700 "$2"
    if [ "$(id -u)" = 0 ]; then chown "$1" "$2"; fi
}

# background USER LOG COMMAND…: starts COMMAND directly (no shell between), in a session of its own so that Ctrl-C reaches the tests
# first and the servers last; its process id is left in $!.
background() {
    local user=$1 log=$2
    shift 2
    local prefix=(setsid)
    if [ "$user" != - ] && [ "$(id -u)" = 0 ]; then prefix+=(setpriv --reuid="$user" --regid="$user" --clear-groups --); fi
    "${prefix[@]}" "$@" >"$log" 2>&1 </dev/null &
    servers_pids+=($!)
}

start_mariadb() {
    local port=$1 password=$2 dir=$servers_dir/mariadb log=$servers_dir/mariadb.log
    own mysql "$dir"
    as mysql mariadb-install-db --no-defaults --datadir="$dir/data" --auth-root-authentication-method=normal --skip-test-db \
        >"$servers_dir/mariadb-install.log" 2>&1 || { tail -n 30 "$servers_dir/mariadb-install.log" >&2; return 1; }
    background mysql "$log" mariadbd --no-defaults --datadir="$dir/data" --socket="$dir/s" --pid-file="$dir/pid" --port="$port" \
        --bind-address=127.0.0.1 --character-set-server=utf8mb4 --max-connections=300 --innodb-flush-log-at-trx-commit=0 \
        --innodb-buffer-pool-size=128M --tmpdir="$dir"
    await MariaDB "$log" $! mariadb --no-defaults --socket="$dir/s" -u root -e 'select 1'
    # The password is written through standard input: a process list never shows it.
    mariadb --no-defaults --socket="$dir/s" -u root <<SQL
create user 'landfall'@'127.0.0.1' identified by '$password';
create user 'landfall'@'localhost' identified by '$password';
grant all privileges on *.* to 'landfall'@'127.0.0.1' with grant option;
grant all privileges on *.* to 'landfall'@'localhost' with grant option;
create database landfall;
SQL
    export LANDFALL_TEST_MARIADB_URL="mysql://landfall:$password@127.0.0.1:$port/landfall"
}

start_postgres() {
    local port=$1 password=$2 dir=$servers_dir/postgres log=$servers_dir/postgres.log bin
    bin=$(postgres_bin)
    own postgres "$dir"
    printf '%s\n' "$password" >"$dir/password"
    chmod 644 "$dir/password" # in a folder that nobody else can enter
    (cd "$dir" && as postgres "$bin/initdb" -D "$dir/data" -U landfall --pwfile="$dir/password" -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync) \
        >"$servers_dir/initdb.log" 2>&1 || { tail -n 30 "$servers_dir/initdb.log" >&2; return 1; }
    background postgres "$log" "$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$dir" \
        -c fsync=off -c max_connections=300
    PGPASSWORD=$password await PostgreSQL "$log" $! "$bin/psql" -h 127.0.0.1 -p "$port" -U landfall -d postgres -c 'select 1'
    PGPASSWORD=$password "$bin/psql" -q -h 127.0.0.1 -p "$port" -U landfall -d postgres -c 'create database landfall'
    export LANDFALL_TEST_POSTGRES_URL="postgres://landfall:$password@127.0.0.1:$port/landfall"
}

# The stand-ins for AWS take any credentials and belong to the account that the sample stacks name.
start_moto() {
    local port=$1 log=$servers_dir/moto.log
    MOTO_ACCOUNT_ID=123456789012 background - "$log" "$VENV/bin/moto_server" -H 127.0.0.1 -p "$port"
    await moto "$log" $! curl -sf "http://127.0.0.1:$port/moto-api/data.json"
    export LANDFALL_TEST_MOTO_URL="http://127.0.0.1:$port"
}

start_ministack() {
    local port=$1 log=$servers_dir/ministack.log
    mkdir -p "$servers_dir/ministack"
    MINISTACK_ACCOUNT_ID=123456789012 BIND_HOST=127.0.0.1 GATEWAY_PORT=$port S3_DATA_DIR="$servers_dir/ministack" TMPDIR="$servers_dir/ministack" \
        background - "$log" "$VENV/bin/ministack"
    await ministack "$log" $! curl -sf "http://127.0.0.1:$port/_ministack/health"
    export LANDFALL_TEST_MINISTACK_URL="http://127.0.0.1:$port"
}

postgres_bin() {
    local found
    found=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)
    if [ -n "$found" ]; then dirname "$found"; else dirname "$(command -v initdb)"; fi
}

start_servers() {
    # A short path: a unix socket's may not be longer than 107 bytes.
    local room=${TMPDIR:-/tmp}
    [ ${#room} -le 60 ] || room=/tmp
    servers_dir=$(mktemp -d "$room/landfall-test.XXXXXX")
    chmod 711 "$servers_dir"
    local ports password
    read -r -a ports <<<"$(free_ports 4)"
    password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
    start_mariadb "${ports[0]}" "$password"
    start_postgres "${ports[1]}" "$password"
    start_moto "${ports[2]}"
    start_ministack "${ports[3]}"
    export LANDFALL_TEST_PYTHON="$VENV/bin/python"
}

# Everything in the folder is thrown away, so nobody is asked to finish his work first: SIGQUIT is PostgreSQL's word for that;
# the others know SIGTERM.
stop_servers() {
    local pid
    for pid in "${servers_pids[@]}"; do
        kill -QUIT "$pid" 2>/dev/null || true
        kill -TERM "$pid" 2>/dev/null || true
    done
    for pid in "${servers_pids[@]}"; do
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    servers_pids=()
    if [ -n "$servers_dir" ]; then rm -rf "$servers_dir"; fi
}
