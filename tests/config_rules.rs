//! `wikifarm config rules [NAME]`

use crate::support::Place;

#[test]
fn every_rule_is_listed_with_severity_family_and_title() {
    Place::new().wikifarm("config rules").stdout(r"
        toml-syntax                 error    syntax       a file that is no TOML
        unknown-key                 error    syntax       a key that wikifarm does not know
        misplaced-key               error    syntax       a key in a table where it means nothing
        wrong-type                  error    syntax       a value of the wrong type
        bad-value                   error    syntax       a value that can't be
        bad-version                 error    syntax       a version that is no MoinMoin wikifarm knows
        set-and-unset               error    syntax       a table that both sets and unsets a setting
        useless-unset               warning  syntax       an `unset` of something that nothing sets
        unknown-group               error    syntax       a group that is not there
        group-cycle                 error    syntax       a group that is its own parent
        unknown-wiki                error    syntax       a [[share]] that names no wiki of the farm
        no-wikis                    error    syntax       a farm without wikis
        missing-url                 error    syntax       a wiki without a url
        bad-url                     error    syntax       a URL that is no URL of a wiki
        duplicate-url               error    syntax       two wikis with the same URL
        precise-version             warning  versions     a version without its last number
        missing-version             warning  versions     a wiki whose version is nowhere said
        ignored-setting             warning  versions     a setting that the wiki's version ignores
        lifetime-shape              error    versions     cookie_lifetime in the shape of another version
        broken-domain               error    domain       a cookie_domain with which this version answers no request
        domain-mismatch             error    domain       a cookie_domain that the wiki's host is not within
        domain-public-suffix        error    domain       a cookie_domain under which anybody can have a host
        domain-ip                   warning  domain       a cookie_domain that is an IP address
        domain-malformed            error    domain       a cookie_domain that is no host name
        alias-domain-mismatch       warning  domain       a cookie_domain that an alias of the wiki is not within
        name-malformed              error    name         a cookie name with characters that no cookie name may have
        path-misses-wiki            error    path         a cookie path that does not cover the wiki itself
        path-malformed              error    path         a cookie_path that is no path
        fractional-hours            error    lifetime     less than an hour in 1.7 or 1.8, which means ten years
        login-disabled              error    lifetime     a login lifetime of 0 in 1.9: nobody stays logged in
        anonymous-fraction-lost     warning  lifetime     an anonymous lifetime so short that it is none
        secure-over-http            error    security     a Secure cookie from a wiki at an http URL
        log-out-trap                error    sharing      two wikis whose cookies meet, but whose sessions or users do not
        share-not-met               error    sharing      wikis of one [[share]] that do not share a login
        share-unintended            error    sharing      wikis that share a login though no [[share]] has both
        cookie-refused              error    sharing      a wiki whose login cookie browsers refuse
        own-cookie-shadows          warning  sharing      a wiki whose own anonymous cookie hides the shared one
        missing-directory           warning  storage      a directory that is not there
        world-writable              error    storage      a directory that everybody on the machine can write into
        unknown-rule                error    suppression  a [lint] entry or comment that names no rule
        unused-suppression          warning  suppression  a rule that is allowed where it finds nothing
        bad-suppression             warning  suppression  a comment to wikifarm that it does not understand
        suppression-without-reason  warning  suppression  a comment that allows a rule and does not say why
        ").run();
}

#[test]
fn a_rule_is_explained_with_examples_and_the_cure() {
    Place::new().wikifarm("config rules log-out-trap").stdout(r#"
        log-out-trap (error, sharing)
        two wikis whose cookies meet, but whose sessions or users do not

        The browser sends the cookie of one wiki to the other, which can't use it. What it does then was measured on running wikis: by version it deletes the cookie, the session file or both, or gives the cookie its own short lifetime. People are logged out of one wiki by opening a page of the other.

        This is reported:

            moin = "1.9.11"
            [farm]
            cookie_domain = ".example.org"
            cookie_name = "lab"
            [wikis.one]
            url = "https://one.example.org/"
            data_dir = "one"
            [wikis.two]
            url = "https://two.example.org/"
            data_dir = "two"

        This is not:

            moin = "1.9.11"
            [farm]
            cookie_domain = ".example.org"
            cookie_name = "siteidmagic"
            [wikis.one]
            url = "https://one.example.org/"
            data_dir = "one"
            [wikis.two]
            url = "https://two.example.org/"
            data_dir = "two"

        Cure: To share the login, give both wikis the same session_dir, user_dir and auth methods; to keep them apart, give them different cookie names (cookie_name = "siteidmagic") or leave cookie_domain out.

        Since: wikifarm 0.1.0
        "#).run();
}

#[test]
fn a_rule_that_is_not_there_is_told_the_nearest() {
    Place::new()
        .wikifarm("config rules log-out-tarp")
        .status(2)
        .stderr(
            r#"
            wikifarm: there is no rule "log-out-tarp"; did you mean "log-out-trap"?
            "#,
        )
        .run();
}

#[test]
fn programs_get_the_same_rules() {
    let place = Place::new();
    let listed = place.wikifarm("config rules").any_stdout().run().stdout;
    let rules = place.wikifarm("config rules --format json").any_stdout().run().json();
    let names: Vec<&str> =
        rules.as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap()).collect();
    let first: Vec<&str> = listed.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, first);
}
