//! A browser receives any header from any URL: it must not panic, and must not send a cookie where it does not belong.
//! The input is a URL, a line feed, and the headers, one a line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wikifarm::browser::{Jar, Profile, Request, Target, parse_set_cookie};

fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|&byte| byte == b'\n');
    let url = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let Ok(target) = Target::parse(&url) else { return };
    for profile in [Profile::Chromium, Profile::Rfc6265bis] {
        let mut jar = Jar::new(profile);
        for (second, header) in lines.clone().enumerate() {
            let now = second as f64;
            if let Ok(read) = parse_set_cookie(header, profile) {
                assert_eq!(parse_set_cookie(&read.to_header(), profile), Ok(read), "does not read back");
            }
            jar.receive(&target, header, &Request::direct(now));
            for sent in jar.cookies_for(&target, &Request::direct(now)).sent {
                assert!(!sent.secure || target.is_secure(), "sent in the clear: {sent:?}");
                assert!(target.host().ends_with(&sent.domain), "sent elsewhere: {sent:?}");
            }
        }
    }
});
