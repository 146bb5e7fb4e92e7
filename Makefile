# demo: build wikifarm and show it. check: everything CI checks; check-offline needs no server, and check-servers runs the tests that do.
# bless: write what the binary prints now into the tests' snapshots and the docs; see CONTRIBUTING.md.
# docs: build the book in docs with mdBook.
# install: program, manual pages, completions (PREFIX, DESTDIR). deny: licenses and sources.
# bench: how fast it checks 5,000 wikis, and how fast it is beside the bare system calls, on stores of 100,000 and 1,000,000 sessions (some 8 GB and 15 minutes).
# WIKIFARM_STRESS=60 make check: the races against writing wikis and an attacker run for a minute each instead of a second.
CARGO ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=
BIN = target/release/wikifarm

.PHONY: docs demo check check-offline check-servers bless bench fuzz build install man deny

demo:
	@scripts/demo

check:
	@scripts/check

check-offline:
	@scripts/check offline

check-servers:
	@scripts/check servers

bless:
	SNAPSHOTS=overwrite $(CARGO) test --locked --test manual
	$(CARGO) fmt

# Every fuzz target for FUZZ seconds, from the fixtures; needs nightly Rust, cargo-fuzz and a C++ compiler. check-offline
# checks that the targets compile, without that compiler.
FUZZ ?= 60
fuzz:
	@$(CARGO) +nightly fuzz --version >/dev/null 2>&1 || { echo "fuzz: missing nightly Rust or cargo-fuzz: rustup toolchain install nightly; cargo install cargo-fuzz --locked" >&2; exit 1; }
	fuzz/run $(FUZZ)

bench:
	$(CARGO) bench --locked --bench check
	$(CARGO) bench --locked --bench scale -- $(BENCH)

build:
	$(CARGO) build --locked --release

# The committed pages are what the program prints; a test compares them.
man: build
	rm -f man/*
	$(BIN) man man
	! command -v mandoc >/dev/null || mandoc -T lint man/*

install: build
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/wikifarm
	for section in 1 5 7; do \
	    install -d $(DESTDIR)$(PREFIX)/share/man/man$$section && \
	    install -m 644 man/*.$$section $(DESTDIR)$(PREFIX)/share/man/man$$section || exit 1; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(BIN) completions bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/wikifarm
	$(BIN) completions zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_wikifarm
	$(BIN) completions fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/wikifarm.fish

docs:
	@mdbook --version >/dev/null 2>&1 || { echo "docs: missing mdbook: cargo install mdbook --locked" >&2; exit 1; }
	mdbook build docs

deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || { echo "cargo-deny is missing: cargo install cargo-deny --locked" >&2; exit 1; }
	$(CARGO) deny check
