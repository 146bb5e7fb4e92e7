//! Where the predictions for two browsers differ.
//!
//! Two browsers can differ in how they treat a single header, and in which of two cookies comes first. The order matters only
//! for paths of equal length. So most pairs need not be simulated twice.

use std::collections::HashMap;
use std::sync::Arc;

use super::effect::{NewLogin, Third};
use super::meeting::after_new_login;
use super::model::{Key, Model};
use super::relation::{Relation, cookie, is_plain, may_meet, same_cookie};
use super::site::{Site, site};
use super::verdict::As;
use crate::browser::{Jar, Profile};
use crate::farm::Farm;
use crate::location::Directories;

impl Model {
    /// The same farm in another browser. Wikis whose header all browsers treat alike are copied.
    pub fn in_browser(&self, farm: &Farm, directories: &dyn Directories, profile: Profile) -> Model {
        let browser = Jar::with_suffixes(profile, self.browser.shared_suffixes());
        let mut sites = self.sites.clone();
        for one in sites.iter_mut().filter(|one| !is_read_alike(one)) {
            if let Some(anew) = farm.wiki(&one.name).and_then(|wiki| site(wiki, directories, &browser)) {
                *one = anew;
                self.mark(one);
            }
        }
        Model::of(sites, self.by_name.clone(), browser, Arc::clone(&self.names))
    }

    /// The results of a new login in the browser of the model and in another, for each of these pairs where they differ.
    ///
    /// A new login gives the cookie another value, after which its position among cookies of one name can differ.
    pub fn new_logins(
        &self,
        other: Profile,
        pairs: &[(usize, usize)],
    ) -> Vec<((usize, usize), [NewLogin; 2])> {
        let other = Jar::with_suffixes(other, self.browser.shared_suffixes());
        let mut known = HashMap::new();
        let mut found = Vec::new();
        for (from, to) in pairs.iter().copied().filter(|(from, to)| self.age_counts(*from, *to)) {
            let (Some(a), Some(b)) = (self.sites.get(from), self.sites.get(to)) else { continue };
            if !(a.is_known() && b.is_known()) || a.shares_address_with(b) {
                continue;
            }
            let acted = known
                .entry(Key::of(a, b, As::User))
                .or_insert_with(|| [&self.browser, &other].map(|browser| after_new_login(a, b, browser)));
            if let [Some(one), Some(other)] = acted
                && one != other
            {
                found.push(((from, to), [*one, *other]));
            }
        }
        found
    }

    /// Whether the order of two wikis' cookies depends on when they were created.
    fn age_counts(&self, from: usize, to: usize) -> bool {
        let (Some(from), Some(to)) = (self.sites.get(from), self.sites.get(to)) else { return false };
        let (Some(ours), Some(theirs)) = (cookie(from), cookie(to)) else { return false };
        ours.path.len() == theirs.path.len()
            && !same_cookie(ours, theirs)
            && may_meet(from, to, Relation::of(from, to))
    }
}

/// Whether browsers treat a wiki's header alike, at each of its URLs.
fn is_read_alike(site: &Site) -> bool {
    let plain = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/'))
    };
    let domain = site.settings.cookie_domain.as_deref().unwrap_or("x");
    let at = |site: &Site| {
        let host = site.target.host();
        site.target.ip().is_none() && !host.starts_with('.') && !host.contains("..")
    };
    is_plain(&site.cookie_name)
        && !site.cookie_name.starts_with("__")
        && plain(domain)
        && domain.contains(|letter: char| letter != '.')
        && plain(&site.settings.effective_cookie_path())
        && site.settings.clock_skew == 0.0
        && at(site)
        && site.aliases.iter().all(at)
}

/// One farm in two browsers.
#[derive(Debug)]
pub struct Browsers<'a> {
    one: &'a Model,
    other: &'a Model,
    /// Whether each wiki leaves another cookie in one browser than in the other.
    differs: Vec<bool>,
}

impl<'a> Browsers<'a> {
    /// Compares what each wiki leaves in the two browsers.
    pub fn new(one: &'a Model, other: &'a Model) -> Browsers<'a> {
        let left = |model: &Model, position: usize, visitor| {
            model.sites().get(position).map(|site| format!("{:?}", site.left(visitor)))
        };
        let same = |at: usize, visitor| left(one, at, visitor) == left(other, at, visitor);
        let differs = one
            .sites()
            .iter()
            .enumerate()
            .map(|(at, site)| !(is_read_alike(site) || same(at, As::User) && same(at, As::Anonymous)));
        Browsers { one, other, differs: differs.collect() }
    }

    /// The predictions for the two browsers.
    pub fn models(&self) -> [&'a Model; 2] {
        [self.one, self.other]
    }

    /// Whether any wiki leaves another cookie.
    pub fn any_differs(&self) -> bool {
        self.differs.contains(&true)
    }

    /// Whether one of a pair, by position, leaves another cookie.
    pub fn one_differs(&self, from: usize, to: usize) -> bool {
        let differs = |at: usize| self.differs.get(at).is_some_and(|differs| *differs);
        differs(from) || differs(to)
    }

    /// Whether the prediction for a pair, by position, can differ.
    pub fn may_differ(&self, from: usize, to: usize) -> bool {
        self.one_differs(from, to) || self.one.age_counts(from, to)
    }

    /// The results of a new login in the two browsers, for each pair where they differ.
    pub fn new_logins(&self, pairs: &[(usize, usize)]) -> Vec<((usize, usize), [NewLogin; 2])> {
        self.one.new_logins(self.other.profile(), pairs)
    }

    /// The wikis that interfere in the other browser only, and those of `ours` that interfere in the first only, as far as two
    /// of the three `may_differ`.
    pub fn thirds(
        &self,
        ours: &[Third],
        may_differ: &dyn Fn(usize, usize) -> bool,
    ) -> (Vec<Third>, Vec<Third>) {
        let asked =
            |[from, to, by]: [usize; 3]| may_differ(from, to) || may_differ(from, by) || may_differ(to, by);
        let theirs = self.other.thirds_among(&asked);
        let only = |some: &[Third], others: &[Third]| {
            let may = |third: &&Third| asked([third.from, third.to, third.by]) && !others.contains(third);
            some.iter().filter(may).copied().collect()
        };
        (only(&theirs, ours), only(ours, &theirs))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::TestRunner;

    use super::super::agreement::{farms, farms_tried, model, parse};
    use super::*;
    use crate::browser::BuiltinSuffixes;
    use crate::location::RealDirectories;

    #[test]
    fn in_browser_equals_a_new_model() {
        let mut runner = TestRunner::deterministic();
        let strategy = farms(&["a", "b"]);
        let random = (0..100).map(|_| strategy.new_tree(&mut runner).unwrap().current());
        let random = random.filter(|text| !text.contains("odd; x"));
        // 1.9 sends what Flask would put right.
        let of = |moin: &str, url: &str, lines: &str| {
            format!("moin = \"{moin}\"\n[wikis.a]\nurl = \"{url}\"\n{lines}\n")
        };
        let wiki = |url: &str, lines: &str| of("1.9.11", url, lines);
        let odd = [
            wiki("https://b\u{fc}cher.example/", "cookie_domain = \"b\u{fc}cher.example\""),
            wiki("http://10.0.0.1/", "cookie_domain = \"10.0.0.1\""),
            of("2.0.0b5", "https://a.example.org/", "cookie_name = \"__Http-a\"\ncookie_httponly = false"),
            wiki("https://a.example.org/", "cookie_domain = \".\""),
            wiki("https://a.example.org/", "cookie_domain = \"example.org:80\""),
            wiki("https://a.example.org/", "cookie_path = \"/\u{e4}\""),
        ];
        let mut differing = 0;
        for text in random.chain(odd) {
            let farm = parse(&text);
            let one = model(&farm);
            let profile = *[Profile::Firefox, Profile::Rfc6265bis].get(text.len() % 2).unwrap();
            let other = one.in_browser(&farm, &RealDirectories::default(), profile);
            let suffixes = Arc::new(BuiltinSuffixes) as _;
            let anew = Model::for_browser(&farm, &RealDirectories::default(), &suffixes, profile);
            let left = |model: &Model| -> Vec<String> {
                let sites = model.sites().iter().flat_map(|site| std::iter::once(site).chain(&site.aliases));
                sites.map(|s| format!("{:?} {:?}", s.left(As::User), s.left(As::Anonymous))).collect()
            };
            assert_eq!(left(&other), left(&anew), "{text}");
            assert_eq!(other.browser.profile(), profile);
            differing += usize::from(Browsers::new(&one, &other).any_differs());
        }
        assert!((3..=6).contains(&differing), "{differing}");
    }

    #[test]
    fn browsers_agree_on_headers_that_both_read_alike() {
        // Of large farms nothing else is asked. Which cookie is the older one counts between paths of one length; no farm
        // has been found where the two browsers part over that.
        let mut runner = TestRunner::deterministic();
        let strategy = farms(&["a", "b", "c"]);
        let is_own = |line: &&str| !line.starts_with("cookie_path") && !line.starts_with("cookie_name");
        let (mut by_age, mut asked) = (0, 0);
        for _ in 0..farms_tried() / 4 {
            let text = strategy.new_tree(&mut runner).unwrap().current();
            let lines: Vec<&str> = text.lines().filter(is_own).collect();
            let text = format!("[farm]\ncookie_path = \"/\"\ncookie_name = \"lab\"\n{}\n", lines.join("\n"));
            let farm = parse(&text);
            let one = model(&farm);
            let other = one.in_browser(&farm, &RealDirectories::default(), Profile::Firefox);
            let browsers = Browsers::new(&one, &other);
            assert!(!browsers.any_differs(), "{text}");
            let pairs =
                (0..3).flat_map(|from| (0..3).map(move |to| (from, to))).filter(|(from, to)| from != to);
            for (from, to) in pairs {
                for visitor in [As::User, As::Anonymous] {
                    let judged = |model: &Model| {
                        let sites = model.sites();
                        model.judge(&sites[from], &sites[to], visitor)
                    };
                    assert_eq!(judged(&one), judged(&other), "{from} {to} in\n{text}");
                    by_age += usize::from(browsers.may_differ(from, to));
                    asked += 1;
                }
            }
            assert_eq!(
                browsers.thirds(&one.thirds(), &|from, to| browsers.may_differ(from, to)),
                (vec![], vec![]),
                "{text}"
            );
        }
        assert!(by_age * 10 > asked, "{by_age} of {asked}");
    }

    /// Two wikis on two hosts of one domain, with one cookie name and path; the cookie of b reaches a.
    fn farm_of(a: &str, b: &str) -> Farm {
        let wiki = |name: &str, moin: &str| {
            format!(
                "[wikis.{name}]\nmoin = \"{moin}\"\nurl = \"https://{name}.example.org/\"\ncookie_path = \"/\"\n\
                 cookie_name = \"lab\"\ndata_dir = \"{name}\"\n"
            )
        };
        parse(&format!("{}{}cookie_domain = \".example.org\"\n", wiki("a", a), wiki("b", b)))
    }

    #[test]
    fn new_login_at_a_wiki_that_picks_the_last_cookie_works_in_chromium_only() {
        let differing = |farm: &Farm| {
            let chromium = model(farm);
            let firefox = chromium.in_browser(farm, &RealDirectories::default(), Profile::Firefox);
            Browsers::new(&chromium, &firefox).new_logins(&[(0, 1), (1, 0)])
        };
        let [works, stuck] = [true, false].map(|here| NewLogin { here, there: true });
        assert_eq!(differing(&farm_of("1.9.0", "1.8.7")), [((0, 1), [works, stuck])]);
        assert_eq!(differing(&farm_of("1.9.11", "1.9.11")), []);
    }
}
