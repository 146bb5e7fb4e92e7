//! The kinds of stores. To add one, write its file with a [`Backend`], and add a line to [`BACKENDS`].

use super::SessionStore;
use super::backend::{Backend, Usage};
use super::error::StoreError;
use super::spec::StoreSpec;
use super::writable::WritableStore;

/// The kinds of stores, in the order of help texts.
pub const BACKENDS: &[Backend] = &[
    super::files::MOIN_1_9,
    super::files::MOIN_1_8,
    super::json_dir::BACKEND,
    #[cfg(feature = "sqlite")]
    super::sqlite::BACKEND,
    #[cfg(not(feature = "sqlite"))]
    absent::SQLITE,
    #[cfg(feature = "redis")]
    super::redis::BACKEND,
    #[cfg(not(feature = "redis"))]
    absent::REDIS,
    #[cfg(test)]
    super::dummy::BACKEND,
];

/// The kinds of stores that this build of wikifarm does not support.
#[cfg(not(all(feature = "sqlite", feature = "redis")))]
mod absent {
    use crate::store::backend::{made_by_wiki, of_files};
    use crate::store::{Backend, StoreError};

    const fn absent(scheme: &'static str, form: &'static str) -> Backend {
        Backend {
            scheme,
            form,
            open: |spec| {
                let why = format!("this wikifarm was built without support for {}", spec.location.scheme());
                Err(StoreError::unusable(&spec, why))
            },
            create: made_by_wiki,
            usage: of_files,
        }
    }

    #[cfg(not(feature = "sqlite"))]
    pub(super) const SQLITE: Backend = absent("sqlite", "sqlite:FILE");
    #[cfg(not(feature = "redis"))]
    pub(super) const REDIS: Backend = absent("redis", "redis://HOST:PORT/DB");
}

/// The kind of store whose addresses begin with `scheme`.
pub fn backend(scheme: &str) -> Option<&'static Backend> {
    BACKENDS.iter().find(|backend| backend.scheme == scheme)
}

/// The addresses of all kinds of stores, as help and errors list them: `moin-1.9:DIR, moin-1.8:DIR, …`.
pub fn forms() -> String {
    BACKENDS.iter().map(|backend| backend.form).collect::<Vec<_>>().join(", ")
}

fn backend_of(spec: &StoreSpec) -> Result<&'static Backend, StoreError> {
    let scheme = spec.location.scheme();
    backend(scheme).ok_or_else(|| StoreError::unusable(spec, format!("unknown kind of store {scheme:?}")))
}

/// Opens the store of a specification for reading and removing.
///
/// # Errors
///
/// The store can't be opened, or is not safe.
pub fn open(spec: StoreSpec) -> Result<Box<dyn SessionStore>, StoreError> {
    Ok(open_writable(spec)?)
}

/// Opens the store of a specification, also for writing.
///
/// # Errors
///
/// The same as for [`open`].
pub fn open_writable(spec: StoreSpec) -> Result<Box<dyn WritableStore>, StoreError> {
    (backend_of(&spec)?.open)(spec)
}

/// Creates an empty store if it does not exist, for the kinds of stores that only wikifarm writes. The
/// administrator creates the directory of a wiki, with the owner and mode that the wiki needs.
///
/// # Errors
///
/// The store could not be created.
pub fn create(spec: &StoreSpec) -> Result<(), StoreError> {
    (backend_of(spec)?.create)(spec)
}

/// The disk usage of a store on this machine, given the usage of its entries as files.
pub fn usage(spec: &StoreSpec, entries: Usage) -> Usage {
    backend_of(spec).map(|backend| (backend.usage)(spec, entries)).unwrap_or_default()
}
