//! The stores that a `session` command works on: the farm's, or those of `--store`.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;

use clap::Args;

use super::wiki::find_wiki;
use super::{Context, Exit, Failure};
use crate::farm::{Farm, Trusted, Wiki};
use crate::location::{Layout, Location};
use crate::moin::Behavior;
use crate::store::{self, Address, LayoutError, StoreSpec, shown_address};

/// The stores to work on.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreArgs {
    #[arg(long = "store", value_name = "LOCATION", help = help_of("Use this store instead of the farm's"))]
    addresses: Vec<OsString>,
    /// Use only the stores of this wiki
    #[arg(long, value_name = "WIKI", conflicts_with = "addresses")]
    store_of: Vec<String>,
}

/// Help for an option whose value is a location; `what` is its beginning.
pub(crate) fn help_of(what: &str) -> String {
    format!("{what}: {}, wiki:NAME, or a DIR whose file names show the layout", store::forms())
}

/// What ends a login at MoinMoin 2, which keeps the session in the signed cookie.
pub(crate) const MOIN_2: &str = "to end all logins of a user there, change the password: `moin account-password --name NAME \
                                 --password NEW`; a logout ends one cookie, and `moin account-disable` ends none; to end \
                                 all logins, replace SECRET_KEY";
/// What shows a session of MoinMoin 2.
pub(crate) const WHOIS_2: &str = "`wikifarm session whois` shows the user of a cookie that you paste";

/// The stores chosen, with the farm they come from, if any.
pub(crate) struct Stores {
    pub(crate) specs: Vec<StoreSpec>,
    pub(crate) farm: Option<Trusted>,
    /// `Partial` if a store could not be read.
    pub(crate) exit: Exit,
}

impl StoreArgs {
    /// Whether all stores of the farm are meant.
    pub(crate) fn is_whole_farm(&self) -> bool {
        self.addresses.is_empty() && self.store_of.is_empty()
    }

    /// Finds the stores. If a command deletes, a directory without a clear layout is an error.
    pub(crate) fn find(&self, context: &mut Context<'_>, deletes: bool) -> Result<Stores, Failure> {
        if self.addresses.is_empty() {
            return self.of_farm(context, deletes);
        }
        let mut stores = Stores { specs: Vec::new(), farm: None, exit: Exit::Success };
        for text in &self.addresses {
            if let Some(name) = text.to_str().and_then(|text| text.strip_prefix("wiki:")) {
                let farm = context.farm()?;
                stores.specs.push(of_wiki(&farm, name, deletes)?);
                stores.farm = Some(farm);
                continue;
            }
            let address = Address::parse(text)
                .map_err(|error| Failure::usage(format!("--store {}: {error}", shown_address(text))))?;
            match address.resolve() {
                Ok(spec) => stores.specs.push(spec),
                Err(error @ (LayoutError::Empty { .. } | LayoutError::Mixed { .. })) if deletes => {
                    return Err(Failure::refused(error.to_string()));
                }
                Err(LayoutError::Empty { dir }) => {
                    context.note(&format!("{}: no sessions, so the layout is unknown", dir.display()));
                }
                Err(LayoutError::Mixed { dir, moin_1_8, moin_1_9 }) => {
                    context.note(&format!(
                        "{}: {} in one directory",
                        dir.display(),
                        LayoutError::together(moin_1_8, moin_1_9)
                    ));
                    let both = Layout::ALL.map(|layout| Location::Directory { layout, path: dir.clone() });
                    stores.specs.extend(both.map(StoreSpec::from));
                }
                Err(error) if deletes && error.is_unsafe() => {
                    return Err(Failure::refused(error.to_string()));
                }
                Err(error) => {
                    let file = Path::new(text).is_file().then(|| format!("sqlite:{}", shown_address(text)));
                    let help =
                        file.map(|location| format!("write {location} if the file is a SQLite database"));
                    if deletes {
                        return Err(Failure { help, ..Failure::partial(error.to_string()) });
                    }
                    context.complain(&error.to_string());
                    help.into_iter().for_each(|help| context.help(&help));
                    stores.exit = Exit::Partial;
                }
            }
        }
        // A directory with two names is one store.
        let mut seen = HashSet::new();
        stores
            .specs
            .retain(|spec| seen.insert((spec.location.scheme().to_owned(), spec.location.identity())));
        Ok(stores)
    }

    fn of_farm(&self, context: &mut Context<'_>, deletes: bool) -> Result<Stores, Failure> {
        let farm = context.farm()?;
        for name in &self.store_of {
            find_wiki(&farm, name)?;
        }
        let store::FarmStores { mut stores, without } = store::of_farm(&farm);
        for (wiki, why) in without {
            let by_nature = farm.wiki(&wiki).is_some_and(|wiki| wiki.version().behavior() >= Behavior::V2);
            if self.store_of.contains(&wiki) {
                return Err(without_store(&wiki, &why, by_nature, deletes));
            }
            if self.store_of.is_empty() && (context.verbosity > 0 || !by_nature) {
                context.note(&format!("{wiki}: no session store: {why}"));
            }
        }
        if !self.store_of.is_empty() {
            stores.retain(|spec| spec.wikis.iter().any(|wiki| self.store_of.contains(&wiki.name)));
            for spec in &stores {
                let others: Vec<&str> = spec
                    .wikis
                    .iter()
                    .map(|wiki| wiki.name.as_str())
                    .filter(|name| !self.store_of.iter().any(|asked| asked == name))
                    .collect();
                if !others.is_empty() {
                    context.note(&format!("{}: also used by {}", spec.address(), others.join(", ")));
                }
            }
        }
        Ok(Stores { specs: stores, farm: Some(farm), exit: Exit::Success })
    }
}

/// The store of one wiki, with all wikis that use it: `wiki:NAME`.
pub(crate) fn of_wiki(farm: &Trusted, name: &str, deletes: bool) -> Result<StoreSpec, Failure> {
    let wiki = find_wiki(farm, name)?;
    let by_nature = wiki.version().behavior() >= Behavior::V2;
    let store::FarmStores { stores, without } = store::of_farm(farm);
    if let Some((_, why)) = without.iter().find(|(other, _)| other == name) {
        return Err(without_store(name, why, by_nature, deletes));
    }
    let mut used = stores.into_iter().filter(|spec| spec.wikis.iter().any(|wiki| wiki.name == name));
    used.next().ok_or_else(|| without_store(name, "the farm file gives no directory", false, deletes))
}

fn without_store(wiki: &str, why: &str, of_moin_2: bool, deletes: bool) -> Failure {
    let failure = Failure::usage(format!("{wiki}: no session store: {why}"));
    match (of_moin_2, deletes) {
        (true, true) => failure.help(MOIN_2),
        (true, false) => failure.help(WHOIS_2),
        (false, _) => failure,
    }
}

/// The wikis of a farm that run MoinMoin 2.
pub(crate) fn of_moin_2(farm: &Farm) -> impl Iterator<Item = &Wiki> {
    farm.wikis.iter().filter(|wiki| wiki.version().behavior() >= Behavior::V2)
}
