# check: everything CI checks. install: binary, man pages, completions (PREFIX, DESTDIR).
CARGO ?= cargo

.PHONY: check
check:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust 1.95 or later (rustup.rs or your distribution)" >&2; exit 1; }
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) test
