//! What a browser does with cookies: it reads a `Set-Cookie` header, keeps or refuses the cookie, and decides
//! which cookies a later request carries, in which order.
//!
//! The room is pure. Time comes in as unix seconds, nothing here reads a clock or a disk, and no input,
//! however broken, ends in a panic: every refusal and every cookie left at home has a named reason with its
//! section.
//!
//! The source is RFC 6265bis, draft 20 ("the draft" below). Where Chromium, as recorded in
//! `fixtures/browser`, does something else, [`Mode::Chromium`] (the default) does what Chromium does and
//! [`Mode::Rfc`] keeps to the letter. These are all the places where the two differ:
//!
//! | what | the draft ([`Mode::Rfc`]) | Chromium ([`Mode::Chromium`]) |
//! |---|---|---|
//! | TAB inside a name, a value or an attribute | kept (5.6) | the header is refused |
//! | CR or LF in the header | the header is refused (5.6) | HTTP ends the header there |
//! | no name, and `=` in the value (`==x`, `=a=b`) | kept (5.6) | refused since Chromium 148: it would be sent as `a=b` |
//! | `Max-Age` repeated, the last one invalid | the last valid one counts (5.6.2) | the last one counts, so none does |
//! | `Expires` repeated, the last one invalid | the last valid one counts (5.6.1) | the last one counts, so none does |
//! | `Max-Age=+100` | ignored (5.6.2) | 100 seconds |
//! | `Max-Age` too large, with letters after the digits | ignored (5.6.2) | as long as can be |
//! | `Expires` in a year of five digits | ignored (5.1.1) | read as it is |
//! | `Expires` before the year 1601 | ignored (5.1.1) | read as it is: deletes the cookie |
//! | `Expires` with letters after a day (`23rd`) | they are skipped (5.1.1) | no day has over two characters |
//! | `Expires` with a third digit of seconds | no time (5.1.1) | skipped |
//! | overwriting a cookie with another value | keeps its creation time (5.7) | renews it |
//! | `Domain` in raw UTF-8 | refused (5.7) | converted by IDNA |
//! | `Domain=.` | as if absent (5.6.3) | refused |
//! | `Domain=example.org:80` | refused, as another domain (5.7) | refused, as malformed |
//! | an IP address as `Domain` on the same host | a domain cookie (5.7) | host-only |
//! | a host with an empty label inside (`a..example.org`) | sets no cookies (5.1.2) | like any host |
//! | `__Http-` and `__Host-Http-` | ordinary names | need `HttpOnly` |
//! | `Partitioned` | ignored | needs `Secure`; kept apart by the site of the page |
//! | `Priority` | ignored | decides who goes when there are too many |
//! | `SameSite` absent, cross-site POST | withheld (5.6.7.2 lets browsers send it) | sent for two minutes after creation |
//! | several reasons to refuse a cookie | the first counts (5.7) | all that one stage finds are named |

#[cfg(test)]
mod agreement;
mod cookie;
#[cfg(test)]
mod cross_check;
mod date;
#[cfg(test)]
mod differences;
mod domain;
mod evict;
mod host;
mod jar;
mod lifetime;
mod matching;
mod prefix;
#[cfg(test)]
mod properties;
mod raw_text;
mod refusal;
mod retrieve;
mod same_site;
mod script;
mod set_cookie;
mod suffix;
#[cfg(test)]
mod suites;
mod target;

pub use cookie::{Cookie, Priority, SameSite};
pub use date::parse_cookie_date;
pub use domain::{CookieDomain, cookie_domain};
pub use evict::{MAX_COOKIES, MAX_COOKIES_PER_SITE};
pub use host::{canonical_host, is_ip};
pub use jar::{Jar, Outcome};
pub use lifetime::{MAX_LIFETIME, parse_max_age};
pub use matching::{default_path, domain_match, path_match};
pub use raw_text::RawText;
pub use refusal::{Refusal, RefusalReason};
pub use retrieve::{Visit, Withheld, WithheldReason};
pub use same_site::{Nav, Request, Via};
pub use script::{Action, Played, ScriptError, Step, parse_script};
pub use set_cookie::{MAX_ATTRIBUTE_VALUE, MAX_NAME_AND_VALUE, SetCookie, parse_set_cookie};
pub use suffix::{BuiltinSuffixes, ListSuffixes, SharedSuffixes, Suffixes, suffix_list_version};
pub use target::{Target, TargetError};

/// Whose rules apply where Chromium and the draft differ; the module documentation lists every difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// What Chromium was seen to do.
    #[default]
    Chromium,
    /// The letter of RFC 6265bis.
    Rfc,
}
