//! wikifarm reads the description of a MoinMoin wiki farm, checks it, predicts for every pair of wikis whether a login is
//! shared and why, and looks after the session stores.
//!
//! The public modules, from the bottom up; a module uses only modules below it:
//!
//! * [`pickle`] turns pickle bytes into values and back, and executes nothing.
//! * [`browser`] does with cookies what a browser does.
//! * [`moin`] does with settings, cookies, and sessions what each version of MoinMoin does.
//! * [`location`] is where a session store is: addresses, typed.
//! * [`farm`] is the farm file: parsing with positions, inheritance with origins.
//! * [`load`] reads a farm from TOML or Python.
//! * [`store`] is the session stores: one trait, several backends.
//! * [`sharing`] predicts for a pair of wikis who shares a login with whom, and why.
//!
//! The other modules are the program's own. They are hidden here, and can change in any version. `examples/` shows how to
//! use the public ones; `docs/public-api.txt` lists every public name.

pub mod browser;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod demo;
pub mod farm;
#[doc(hidden)]
pub mod health;
#[doc(hidden)]
pub mod lint;
pub mod load;
pub mod location;
pub mod moin;
#[doc(hidden)]
pub mod ops;
pub mod pickle;
#[doc(hidden)]
pub mod probe;
#[doc(hidden)]
pub mod pyconfig;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod schema;
pub mod sharing;
#[doc(hidden)]
pub mod simulate;
pub mod store;
#[doc(hidden)]
pub mod sys;
#[doc(hidden)]
pub mod text;
