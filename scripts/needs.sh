# shellcheck shell=sh
# Sourced by scripts/demo and scripts/check: finds what they need before they compile anything.
#
# `need NAME...` ends the script unless this machine has every NAME, and lists all that are missing in one message. As root on
# Debian and Ubuntu it first installs the missing packages. Services in these packages are neither started nor enabled.

# A user's PATH lacks Rust right after its installation, and on Debian it lacks nginx and Apache.
PATH=$PATH:${HOME:-}/.cargo/bin:/usr/sbin:/sbin
export PATH
rust=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)

need() {
    look "$@"
    if [ -n "$packages" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        # shellcheck disable=SC2086 # packages and services are lists of words
        install $packages && disable $services
        look "$@"
    fi
    [ -n "$missing" ] || return 0
    echo "$0: missing on this machine:$missing" >&2
    [ -z "$packages" ] || echo "help: $(to_install)" >&2
    [ -z "$components" ] || echo "help: rustup component add$components" >&2
    [ -z "$elsewhere" ] || echo "help: $elsewhere" >&2
    exit 1
}

# Sets `missing` to what is not here, and to what helps: `packages` and their `services`, `components` of Rust, and `elsewhere`.
look() {
    missing='' packages='' services='' components='' elsewhere=''
    for name; do
        ! here "$name" >/dev/null 2>&1 || continue
        case $name in
            rust) lacks "Rust $rust or later" && elsewhere='install Rust from https://rustup.rs' ;;
            # Both come with Rust.
            rustfmt | clippy) ! command -v cargo >/dev/null || { lacks "$name" && components="$components $name"; } ;;
            python2) lacks "$python2" && elsewhere="${elsewhere:+$elsewhere; }$get_python2" ;;
            cc) lacks 'a C compiler that links' && packages="$packages gcc libc6-dev" ;;
            nginx | redis-server) lacks "$name" && packages="$packages $name" services="$services $name" ;;
            apache2) lacks "$name" && packages="$packages apache2-bin" ;;
            python3) lacks 'Python 3 with redis' && packages="$packages python3-redis" ;;
            redis-cli) lacks "$name" && packages="$packages redis-tools" ;;
            script) lacks "$name" && packages="$packages bsdutils" ;;
            *) lacks "$name" && packages="$packages $name" ;;
        esac
    done
}

lacks() {
    missing="$missing${missing:+,} $1"
}

here() {
    case $1 in
        rust) cargo --version && version=$(rustc --version) && newer "$(echo "$version" | cut -d ' ' -f 2)" "$rust" ;;
        rustfmt) cargo fmt --version ;;
        clippy) cargo clippy --version ;;
        cc) links ;;
        python2) find_python2 ;;
        python3) find_python3 ;;
        *) command -v "$1" ;;
    esac
}

# Is version $1 at least $2?
newer() {
    [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# Is there a C compiler that finds the C library and links with it?
links() {
    program=$(mktemp) || return
    printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' | cc -x c -o "$program" -
    status=$?
    rm -f "$program"
    return "$status"
}

# Sets PYTHON2 to a Python 2.7 that can run the tests of contrib/moin.
python2='Python 2.7 with pip, sqlite3, and ssl'
get_python2='pyenv install 2.7.18 (https://github.com/pyenv/pyenv), or set PYTHON2 to the path of one'
find_python2() {
    if [ -n "${PYTHON2:-}" ]; then
        set -- "$PYTHON2"
    else
        set -- python2.7 python2 "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/2.7*/bin/python2.7
    fi
    # A shim of pyenv exists and still fails, so each is run.
    for python; do
        found=$("$python" -c 'import sys, pip, sqlite3, ssl; print(sys.version_info[:2] == (2, 7) and sys.executable or "")') || continue
        [ -n "$found" ] || continue
        export PYTHON2="$found"
        return
    done
    return 1
}

# Sets PYTHON3 to a Python 3 that can run the tests of contrib/moin; that of pyenv lacks the packages of Debian.
find_python3() {
    for python in "${PYTHON3:-python3}" /usr/bin/python3; do
        "$python" -c 'import redis, sqlite3' || continue
        export PYTHON3="$python"
        return
    done
    return 1
}

# The one command that installs the packages, for a person to run as root.
to_install() {
    command="apt-get update && apt-get install --no-install-recommends$packages"
    [ -z "$services" ] || command="$command && systemctl disable --now$services"
    if ! command -v apt-get >/dev/null; then
        echo "install these packages of Debian, or what is like them here:$packages"
    elif [ "$(id -u)" = 0 ]; then
        echo "$command"
    elif command -v sudo >/dev/null; then
        echo "sudo sh -c '$command'"
    else
        echo "su -c '$command'"
    fi
}

# Installs packages. policy-rc.d forbids the start of services as long as this process lives, and is removed at the end.
policy=/usr/sbin/policy-rc.d
install() (
    if [ -e "$policy" ]; then
        status=0
        "$policy" nginx start >/dev/null 2>&1 || status=$?
        [ "$status" = 101 ] || {
            echo "$0: nothing was installed: $policy of this machine lets services start" >&2
            return 1
        }
    else
        trap 'rm -f "$policy"' EXIT
        trap 'exit 1' HUP INT TERM
        printf '#!/bin/sh\n# Of %s, for as long as it runs: installed services do not start.\n[ ! -d /proc/%s ] || exit 101\n' "$0" "$$" >"$policy"
        chmod 755 "$policy"
    fi
    echo "$0: installing $*" >&2
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    apt-get update -qq >&2 || true
    apt-get install -qq --no-install-recommends "$@" >&2
)

# Keeps services from starting at the next boot.
disable() {
    for service; do
        update-rc.d "$service" disable >/dev/null 2>&1 || true
    done
}
