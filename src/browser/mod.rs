//! Predicts what a browser does with cookies. The browser reads a `Set-Cookie` header and stores or rejects
//! the cookie. For a later request it chooses the cookies to send, and their order.
//!
//! The module is pure: times are parameters in unix seconds, and nothing here reads a clock or a disk. No
//! input causes a panic. Each rejected or withheld cookie has a named reason with a section of the RFC.
//!
//! Source: RFC 6265bis, draft 20 ("the draft" below), and recordings of Chromium and Firefox in
//! `tests/fixtures/browser`. [`Profile`] chooses the browser whose behavior is predicted. [`DIFFERENCES`]
//! lists every behavior in which profiles differ.

#[cfg(test)]
mod acted_out;
#[cfg(test)]
mod agreement;
mod calendar;
mod cookie;
#[cfg(test)]
mod cross_check;
mod date;
mod date_firefox;
mod differences;
mod domain;
mod evict;
mod host;
mod jar;
mod lifetime;
mod matching;
mod outcome;
mod prefix;
mod profile;
#[cfg(test)]
mod profile_properties;
#[cfg(test)]
mod properties;
mod raw_text;
mod rejection;
mod retrieve;
mod rules;
mod same_site;
mod script;
mod script_line;
mod set_cookie;
mod step;
mod suffix;
#[cfg(test)]
mod suites;
mod target;

pub use cookie::{Cookie, Priority, SameSite};
pub use date::parse_cookie_date;
pub(crate) use differences::responsible_for_each;
pub use differences::{DIFFERENCES, Difference, responsible};
pub use domain::{CookieDomain, cookie_domain};
pub use evict::{MAX_COOKIES, MAX_COOKIES_PER_SITE};
pub use host::{canonical_host, is_ip};
pub use jar::Jar;
pub use lifetime::{MAX_LIFETIME, parse_max_age};
pub use matching::{default_path, domain_match, path_match};
pub use outcome::Outcome;
pub use profile::Profile;
pub use raw_text::RawText;
pub use rejection::{Rejection, RejectionReason};
pub use retrieve::{Visit, Withheld, WithheldReason};
pub use same_site::{Nav, Request, Via};
pub use script::{ScriptError, parse_script};
pub use set_cookie::{MAX_ATTRIBUTE_VALUE, MAX_NAME_AND_VALUE, SetCookie, parse_set_cookie};
pub use step::{Action, Played, Step};
pub use suffix::{BuiltinSuffixes, ListSuffixes, SharedSuffixes, Suffixes, suffix_list_version};
pub use target::{Target, TargetError};
