# check: everything CI checks. install: program, manual pages, completions (PREFIX, DESTDIR). deny: licences and sources.
# bench: how fast it is beside the bare system calls, on stores of 100,000 and 1,000,000 sessions (some 8 GB and 15 minutes).
# WIKIFARM_STRESS=60 make check: the races against writing wikis and an attacker run for a minute each instead of a second.
CARGO ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=
BIN = target/release/wikifarm

.PHONY: check bench build install man deny tools

check: tools
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) test --locked

tools:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust 1.95 or later, from https://rustup.rs or your distribution" >&2; exit 1; }
	@$(CARGO) fmt --version >/dev/null 2>&1 || { echo "rustfmt is missing: rustup component add rustfmt" >&2; exit 1; }
	@command -v strace >/dev/null || { echo "strace is missing, which a test needs: apt install strace" >&2; exit 1; }
	@$(CARGO) clippy --version >/dev/null 2>&1 || { echo "clippy is missing: rustup component add clippy" >&2; exit 1; }

bench:
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
