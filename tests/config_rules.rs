//! `wikifarm config rules [NAME]`

use crate::support::Place;

#[test]
fn every_rule_is_listed_with_severity_family_fix_and_title() {
    Place::new().wikifarm("config rules").stdout(r"
        toml-syntax                 error    syntax       -       a file that is no TOML
        unknown-key                 error    syntax       safe    a key that wikifarm does not know
        misplaced-key               error    syntax       safe    a key in a table where it means nothing
        wrong-type                  error    syntax       safe    a value of the wrong type
        bad-value                   error    syntax       safe    a value that can't be
        bad-version                 error    syntax       -       a version that is no MoinMoin wikifarm knows
        set-and-unset               error    syntax       -       a table that both sets and unsets a setting
        useless-unset               warning  syntax       safe    an `unset` of something that nothing sets
        unknown-group               error    syntax       safe    a group that is not there
        group-cycle                 error    syntax       -       a group that is its own parent
        unknown-wiki                error    syntax       safe    a [[share]] that names no wiki of the farm
        no-wikis                    error    syntax       -       a farm without wikis
        missing-url                 error    syntax       -       a wiki without a url
        bad-url                     error    syntax       unsafe  a URL that is no URL of a wiki
        duplicate-url               error    syntax       -       two wikis with the same URL
        unused-group                warning  syntax       -       a group that no wiki is in
        useless-alias               warning  syntax       safe    an alias that is the wiki's URL, or stands there twice
        share-of-one                warning  syntax       -       a [[share]] of fewer than two wikis
        repeated-item               warning  syntax       safe    a list that holds a name twice
        redundant-setting           note     syntax       safe    a setting that is inherited with the same value
        nested-url                  note     syntax       -       a wiki whose address lies below that of a wiki before it
        python-syntax               error    python       -       a place in a Python file that is no Python, or a file that can't be read
        not-static                  error    python       -       a setting that can't be known without running the Python file
        missing-config              error    python       -       a wiki of `wikis` without a file, or a file without a class Config
        expression-mismatch         error    python       -       an expression of `wikis` that never matches in this version
        hidden-wiki                 warning  python       -       a wiki that is never reached, because an expression above it matches first
        import-cycle                warning  python       -       configuration modules that import each other
        precise-version             warning  versions     unsafe  a version without its last number
        missing-version             warning  versions     -       a wiki whose version is nowhere said
        ignored-setting             warning  versions     safe    a setting that the wiki's version ignores
        lifetime-shape              error    versions     safe    cookie_lifetime in the shape of another version
        custom-handler              warning  versions     -       a wiki with a session handler of its own
        forced-httponly             note     versions     -       1.8.5, the one release before 1.9 that sends HttpOnly, and always does
        broken-domain               error    domain       unsafe  a cookie_domain with which this version answers no request
        domain-mismatch             error    domain       -       a cookie_domain that the wiki's host is not within
        domain-public-suffix        error    domain       -       a cookie_domain under which anybody can have a host
        domain-ip                   warning  domain       unsafe  a cookie_domain that is an IP address
        domain-malformed            error    domain       -       a cookie_domain that is no host name
        alias-domain-mismatch       warning  domain       -       a cookie_domain that an alias of the wiki is not within
        domain-wider-than-farm      warning  domain       -       a login cookie that goes to a host outside the farm
        trailing-dot-host           warning  domain       unsafe  a host with a dot at its end
        name-malformed              error    name         -       a cookie name with characters that no cookie name may have
        siteid-collision            warning  name         -       wikis whose `siteidmagic` gives one name
        literal-siteidmagic         warning  name         -       `siteidmagic` in 2.0, where it is a name like any other
        automatic-name              warning  name         -       a wiki of a [[share]] whose cookie name follows from port and path
        name-changes-with-address   warning  name         -       a wiki whose cookie has another name at another of its addresses
        prefix-broken               error    name         -       a cookie name whose prefix promises what the cookie does not keep
        common-name                 warning  name         -       a 2.0 wiki whose cookie is called `session` in a domain
        path-misses-wiki            error    path         -       a cookie path that does not cover the wiki itself
        path-malformed              error    path         unsafe  a cookie_path that is no path
        path-trailing-slash         warning  path         unsafe  a cookie_path with a slash at its end
        attribute-too-long          error    path         -       a cookie_path or cookie_domain of more than 1,024 bytes
        fractional-hours            error    lifetime     -       less than an hour in 1.7 or 1.8, which means ten years
        login-disabled              error    lifetime     -       a login lifetime of 0 in 1.9: nobody stays logged in
        anonymous-fraction-lost     warning  lifetime     -       an anonymous lifetime so short that it is none
        fraction-dropped            warning  lifetime     -       a fraction of an hour that 1.7 and 1.8 drop
        outlives-cap                warning  lifetime     -       a cookie that is meant to last longer than browsers keep any
        anonymous-outlives-login    warning  lifetime     -       anonymous sessions that last longer than logins
        share-lifetimes-differ      warning  lifetime     -       wikis of one [[share]] whose logins last differently
        login-for-ever              warning  lifetime     -       a login lifetime of 0 in 1.7 or 1.8: ten years for everybody
        anonymous-negative          warning  lifetime     -       an anonymous lifetime below 0
        secure-over-http            error    security     -       a Secure cookie from a wiki at an http URL
        http-and-https              warning  security     -       a wiki that is reached over http and https
        not-secure                  warning  security     -       a wiki at an https URL whose cookie is not Secure
        login-in-clear              note     security     -       a wiki at an http URL
        readable-by-scripts         note     security     -       a login cookie that scripts can read
        samesite-strict             warning  security     unsafe  SameSite=Strict on a login cookie
        samesite-none-insecure      error    security     -       SameSite=None without Secure
        shared-secret-key           warning  security     -       2.0 wikis that are not meant to share, with one SECRET_KEY
        no-login-methods            error    security     -       a wiki without a method to log in
        log-out-trap                error    sharing      -       two wikis whose cookies meet, but whose sessions or users do not
        share-not-met               error    sharing      -       wikis of one [[share]] that do not share a login
        share-unintended            error    sharing      -       wikis that share a login though no [[share]] has both
        cookie-refused              error    sharing      -       a wiki whose login cookie browsers refuse
        own-cookie-shadows          warning  sharing      -       a wiki whose own anonymous cookie hides the shared one
        secure-blocks-http          warning  sharing      -       a wiki over http that another wiki's Secure cookie keeps from setting its own
        share-takes-differ          warning  sharing      -       wikis of one [[share]] that take different ones of two cookies of one name
        no-secret-key-id            note     sharing      -       wikis of 2.0 of which nobody said which SECRET_KEY signs their cookies
        missing-directory           warning  storage      -       a directory that is not there
        in-web-root                 warning  storage      -       sessions or users in a directory that a web server usually shows
        session-in-tmp              warning  storage      -       sessions in /tmp, /var/tmp or /dev/shm
        session-in-memory           warning  storage      -       sessions on a file system that is kept in memory
        session-among-others        warning  storage      -       a session directory that another program uses too
        session-dir-overlaps        error    storage      -       a session directory that is or holds the wiki's data or users
        no-session-place            note     storage      -       a wiki whose sessions the farm file does not place
        shared-data-dir             warning  storage      -       two wikis with one data_dir
        first-request-store         warning  storage      -       wikis of 1.9.0 with different session directories
        torn-writes                 warning  storage      -       wikis that share sessions with one that writes them in place
        mixed-store                 warning  storage      -       wikis whose versions keep sessions differently, in one directory
        store-of-other-version      error    storage      -       a session_store in the layout of another version
        two-session-places          warning  storage      -       a session_store and a session_dir that name different places
        world-writable              error    permissions  -       a directory that everybody on the machine can write into
        listable-sessions           warning  permissions  -       a session directory whose names everybody on the machine can read
        writable-parent             error    permissions  -       a directory that everybody on the machine can put another in place of
        owners-differ               warning  permissions  -       a session directory that belongs to another user than the wiki's users
        anonymous-without-prune     warning  prune        -       anonymous sessions and no [prune] policy
        prune-without-idle          warning  prune        -       a [prune] that never removes what nobody uses
        never-pruned                warning  prune        -       wikis of 1.9.0 whose sessions nothing removes
        idle-below-login            warning  prune        -       a prune `idle` that is shorter than a login lasts
        unguarded-prune             warning  prune        -       a max_delete that lets everything go
        no-cleaner                  warning  prune        -       a session directory that grows and that no job cleans
        cleansessions-job           warning  prune        -       a job of this machine that runs `moin maint cleansessions`
        unknown-rule                error    suppression  safe    a [lint] entry or comment that names no rule
        unused-suppression          warning  suppression  safe    a rule that is allowed where it finds nothing
        bad-suppression             warning  suppression  safe    a comment to wikifarm that it does not understand
        suppression-without-reason  warning  suppression  -       a comment that allows a rule and does not say why
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

        Cure: To share the login, give both wikis the same session_dir (1.7 and 1.8: cache_dir), user_dir and auth methods; to keep them apart, give them different cookie names (from 1.9.1 on: cookie_name = "siteidmagic"), each its own cookie_path, or leave cookie_domain out. The help of a finding names what was tried out on that pair.

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
