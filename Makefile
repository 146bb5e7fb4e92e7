# check: everything CI checks; of it check-offline needs no server, check-servers starts redis-server, nginx and Apache, and needs Python 2.7. install: program, manual pages, completions (PREFIX, DESTDIR). deny: licences and sources.
# bench: how fast it checks 5,000 wikis, and how fast it is beside the bare system calls, on stores of 100,000 and 1,000,000 sessions (some 8 GB and 15 minutes).
# WIKIFARM_STRESS=60 make check: the races against writing wikis and an attacker run for a minute each instead of a second.
CARGO ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=
BIN = target/release/wikifarm

.PHONY: check check-offline check-servers bench fuzz build install man deny tools servers

check: check-offline check-servers

check-offline: tools
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) clippy --locked --all-targets --no-default-features -- -D warnings
	CUSTOM_LIBFUZZER_PATH=/none/libfuzzer.a $(CARGO) clippy --locked --manifest-path fuzz/Cargo.toml --target-dir target -- -D warnings
	$(CARGO) test --locked

# Every fuzz target for FUZZ seconds, from the fixtures; needs nightly Rust, cargo-fuzz and a C++ compiler. That the targets build,
# check-offline sees to, without that compiler.
FUZZ ?= 60
fuzz:
	@$(CARGO) +nightly fuzz --version >/dev/null 2>&1 || { echo "fuzz: missing nightly Rust or cargo-fuzz: rustup toolchain install nightly; cargo install cargo-fuzz --locked" >&2; exit 1; }
	fuzz/run $(FUZZ)

# The tests that need servers: each starts its own, on a socket or a port of its own, and stops it after.
check-servers: tools servers target/python2.7/redis
	$(CARGO) test --locked --test servers -- --ignored

# Program:package. Of Apache only the program: its service is not wanted.
SERVERS = redis-server:redis-server nginx:nginx curl:curl apache2:apache2-bin
servers:
	@missing() { missing=; for tool in $(SERVERS); do command -v $${tool%%:*} >/dev/null || missing="$$missing $${tool#*:}"; done; }; missing; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing$$missing" >&2; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >&2; \
	fi; \
	missing; [ -z "$$missing" ] || { echo "check-servers: missing$$missing, which tests need: apt install$$missing" >&2; exit 1; }

# What contrib/moin needs for Redis, beside a Python 2.7 that PYTHON2 names, or is on the PATH or of pyenv: Debian has none any more.
target/python2.7/redis:
	@for python in $$PYTHON2 python2.7 $$HOME/.pyenv/versions/2.7*/bin/python2.7; do \
		if $$python --version >/dev/null 2>&1; then \
			exec $$python -m pip install --quiet --disable-pip-version-check --target target/python2.7 'redis==3.5.3'; \
		fi; \
	done; echo "check-servers: missing python2.7, which tests need: pyenv install 2.7, or set PYTHON2 to one" >&2; exit 1

tools:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust 1.95 or later, from https://rustup.rs or your distribution" >&2; exit 1; }
	@$(CARGO) fmt --version >/dev/null 2>&1 || { echo "rustfmt is missing: rustup component add rustfmt" >&2; exit 1; }
	@command -v strace >/dev/null || { echo "strace is missing, which a test needs: apt install strace" >&2; exit 1; }
	@$(CARGO) clippy --version >/dev/null 2>&1 || { echo "clippy is missing: rustup component add clippy" >&2; exit 1; }

bench:
	$(CARGO) bench --locked --bench check
	$(CARGO) bench --locked --bench scale -- $(BENCH)

build:
	$(CARGO) build --locked --release

# The committed pages are what the program prints; a test compares them.
man: build
	rm -f man/*.1
	$(BIN) man man

install: build
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/wikifarm
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(BIN) completions bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/wikifarm
	$(BIN) completions zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_wikifarm
	$(BIN) completions fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/wikifarm.fish

deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || { echo "cargo-deny is missing: cargo install cargo-deny --locked" >&2; exit 1; }
	$(CARGO) deny check
