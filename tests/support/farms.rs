//! Farm files that several tests use.

/// The wiki docs, with its sessions in `sessions`.
pub(crate) const DOCS: &str = r#"
    moin = "1.9.11"

    [wikis.docs]
    url = "https://docs.example.org/"
    session_dir = "sessions"
"#;

/// Like [`DOCS`], with the users of docs in `users`.
pub(crate) const DOCS_WITH_USERS: &str = r#"
    moin = "1.9.11"

    [wikis.docs]
    url = "https://docs.example.org/"
    session_dir = "sessions"
    user_dir = "users"
"#;

/// The wikis docs and plans, which keep their sessions in one directory.
pub(crate) const DOCS_AND_PLANS: &str = r#"
    moin = "1.9.11"

    [wikis.docs]
    url = "https://docs.example.org/"
    session_dir = "sessions"

    [wikis.plans]
    url = "https://plans.example.org/"
    session_dir = "sessions"
"#;
