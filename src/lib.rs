//! wikifarm reads the description of a MoinMoin wiki farm, says what is wrong with it, predicts for every pair
//! of wikis whether a login is shared and why, and looks after the session files.
//!
//! The rooms, from the bottom up; a room knows only rooms below it:
//!
//! * [`sys`] talks to the kernel: directory handles, safe opening, atomic writes, locks.
//! * [`pickle`] turns pickle bytes into values and back, and executes nothing.
//! * [`browser`] does with cookies what a browser does.
//! * [`moin`] does with settings, cookies and sessions what each version of MoinMoin does.
//! * [`location`] is where a store of sessions is: addresses, typed.
//! * [`farm`] is the farm file: parsing with places, inheritance with origins.
//! * [`pyconfig`] is MoinMoin's own configuration in Python: read without running it, written, compared.
//! * [`load`] reads a farm from either.
//! * [`store`] is where sessions lie: one trait, several layouts.
//! * [`simulate`] has a browser and wikis act out a script.
//! * [`sharing`] says for a pair of wikis who shares a login with whom, and why; what then happens it has acted out.
//! * [`probe`] holds a live wiki's cookie against the predicted one.
//! * [`ops`] plans and does: prune, revoke, verify.
//! * [`lint`] holds the rules over a farm.
//! * [`schema`] describes the farm file for editors.
//! * [`demo`] makes a small real farm for trying things out.
//! * [`report`] says how results look.
//! * [`cli`] is the command line: one file per command, and nothing else knows clap.

pub mod browser;
pub mod cli;
pub mod demo;
mod escape;
pub mod farm;
pub mod lint;
pub mod load;
pub mod location;
pub mod moin;
pub mod ops;
pub mod pickle;
pub mod probe;
pub mod pyconfig;
pub mod report;
pub mod schema;
pub mod sharing;
pub mod simulate;
pub mod store;
pub mod sys;
