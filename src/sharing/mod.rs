//! Predicts which wikis share a login, and why.
//!
//! For an ordered pair of wikis A and B, a user with a session of A (logged in, or anonymous) goes to B. Six steps decide, in
//! MoinMoin's order. The first that fails gives the verdict:
//!
//! 1. the browser accepts A's Set-Cookie at A's URL;
//! 2. the browser sends it to B's URL;
//! 3. B looks for a cookie of that name, and no other cookie of the name shadows it;
//! 4. B accepts the id's form and finds the session;
//! 5. B knows the user and the auth method of the login;
//! 6. the session has not expired.
//!
//! [`crate::simulate`] simulates the effects on the logins at A and B, once for equal pairs (`classes.rs`). The module never
//! guesses: without the necessary settings, the verdict is `unknown`. It asks the disk only whether two paths are the same
//! directory, through [`Directories`](crate::location::Directories).

#[cfg(test)]
mod agreement;
mod browsers;
mod classes;
mod describe;
mod effect;
mod encounters;
mod groups;
mod intent;
mod leaks;
mod meeting;
mod model;
mod parties;
mod relation;
mod site;
mod steps;
mod suggest;
mod third;
mod verdict;

pub use browsers::Browsers;
pub use classes::Classes;
pub use describe::TITLES;
pub use effect::{By, Effect, NewLogin, Third};
pub use groups::groups;
pub use intent::{Disagreement, disagreements};
pub use leaks::{Leak, Leaked, leaks};
pub use model::{Model, Step};
pub use site::{Left, Site, Storage};
pub use steps::{Evidence, Side, StepResult};
pub use suggest::{
    Asked, Change, Found, Intents, Suggestion, Together, Wanted, changed, edited, leaks_id, suggest,
};
pub use verdict::{As, Judgement, Pair, Verdict};

#[cfg(test)]
mod tests;
