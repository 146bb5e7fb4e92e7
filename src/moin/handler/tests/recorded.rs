//! Whole lives of sessions, as MoinMoin's own code acted them out (`tests/fixtures/life-cycles`): in each step the user
//! seen, the id, what is answered, and every item of every session in store must be the same.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use super::*;
use crate::moin::{Items, SessionData, Value};

/// A value as the recording has it.
fn json(value: &Value) -> Json {
    match value {
        Value::Bytes(_) | Value::Text(_) => value.as_str().unwrap().into(),
        Value::Tuple(items) | Value::List(items) => items.iter().map(json).collect::<Vec<_>>().into(),
        other => other.number().unwrap().into(),
    }
}

fn same(ours: &Items, theirs: &Json) -> bool {
    let number = |value: &Json| value.as_f64().map(Json::from).unwrap_or_else(|| value.clone());
    let theirs: BTreeMap<_, _> =
        theirs.as_object().unwrap().iter().map(|(name, value)| (name.clone(), number(value))).collect();
    theirs == ours.iter().map(|(name, value)| (name.clone(), json(value))).collect()
}

/// The wikis of a recorded life.
fn farm(life: &Json) -> Farm {
    let version = life["version"].as_str().unwrap();
    let mut farm = Farm::new(version, &|_| {});
    let old = version < "1.9";
    for wiki in [A, B] {
        let mut settings = settings(version, "w");
        let (anonymous, login) = (life["anon"][wiki].as_f64(), life["life"][wiki].as_f64().unwrap());
        if old {
            settings.anonymous_session_lifetime = anonymous;
            settings.cookie_lifetime = Some(CookieLifetime::Hours(login));
        } else {
            settings.cookie_lifetime = Some(CookieLifetime::Pair(anonymous.unwrap(), login));
        }
        let auth = [life["auth"][wiki].as_str().unwrap()];
        farm.wikis[wiki].handler = Handler::new(settings).with_auth(auth);
        farm.wikis[wiki].users = wiki;
        let shared = life["shared"] == true || version == "1.9.0";
        farm.wikis[wiki].store = if shared { 0 } else { wiki };
        farm.users[wiki] = MemoryUsers::default();
        if life["known"][wiki] == true {
            farm.users[wiki] = MemoryUsers::default().with("1.1", "Bob");
            farm.users[wiki].profiles[0].remember_me = life["remember"] == 1;
        }
    }
    farm
}

/// Acts a recorded life out; the first step that differs.
fn differs(life: &Json) -> Option<String> {
    let mut farm = farm(life);
    let mut cookie: Option<String> = None;
    // Their ids by ours.
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for step in life["steps"].as_array().unwrap() {
        let Farm { wikis, stores, users, ids: new, .. } = &mut farm;
        let Wiki { handler, store, users: people, .. } =
            &wikis[usize::try_from(step["wiki"].as_u64().unwrap()).unwrap()];
        let mut outside = Outside {
            now: step["at"].as_f64().unwrap(),
            sessions: &mut stores[*store],
            users: &mut users[*people],
            new_id: &mut |form| new.next(form),
        };
        let action = match step["act"].as_str().unwrap() {
            "login" => Action::Login { name: "Bob".to_owned(), method: None, persistent: true },
            "logout" => Action::Logout,
            _ => Action::Visit,
        };
        let name = handler.settings().session_cookie_name();
        let header = cookie.clone().filter(|_| !step["sent"].is_null()).map(|id| format!("{name}={id}"));
        let mut exchange = handler.start(header.as_deref().map(str::as_bytes), &mut outside).unwrap();
        let (id, is_new) = (exchange.session.id.clone(), exchange.session.is_new());
        handler.authenticate(&mut exchange, &action, &mut outside);
        handler.after_auth(&mut exchange, &mut outside).unwrap();
        handler.add_trail(&mut exchange, step["page"].as_str().unwrap()).unwrap();
        let answer = handler.finish(exchange, &mut outside).unwrap();
        let theirs = ids.entry(id.clone()).or_insert_with(|| step["id"].as_str().unwrap().to_owned()).clone();
        let log: Vec<Json> = answer
            .set_cookie
            .iter()
            .map(|sent| match sent.deletes() {
                true => serde_json::json!(["delete"]),
                false => serde_json::json!(["set", ids[&sent.value], sent.max_age]),
            })
            .collect();
        for sent in &answer.set_cookie {
            cookie = (!sent.deletes()).then(|| sent.value.clone());
        }
        let stored: Vec<(String, &Items)> =
            stores.iter().flat_map(|store| &store.0).map(|(id, items)| (ids[id].clone(), items)).collect();
        let recorded = step["stores"].as_object().unwrap();
        let found = |(id, items): &(String, &Items)| {
            recorded.iter().any(|(name, value)| name.ends_with(&format!(":{id}")) && same(items, value))
        };
        let alike = step["id"] == theirs
            && step["new"] == is_new
            && step["user"] == answer.user.is_some()
            && step["log"] == Json::from(log.clone())
            && recorded.len() == stored.len()
            && stored.iter().all(found);
        if !alike {
            return Some(format!(
                "{step}\n  ours: {theirs} new {is_new} {:?} {log:?} {stored:?}",
                answer.user
            ));
        }
    }
    None
}

#[test]
fn lives_go_as_moinmoin_s_own_code_has_them_go() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/life-cycles");
    let (mut lives, mut steps, mut wrong) = (0, 0, Vec::new());
    for version in ["1.7.3", "1.8.7", "1.9.0", "1.9.1", "1.9.3", "1.9.8", "1.9.10", "1.9.11"] {
        let text = std::fs::read_to_string(directory.join(format!("{version}.jsonl"))).unwrap();
        for line in text.lines() {
            let life: Json = serde_json::from_str(line).unwrap();
            lives += 1;
            steps += life["steps"].as_array().unwrap().len();
            wrong.extend(differs(&life).map(|step| format!("{version} {}: {step}", life["seed"])));
        }
    }
    assert!(wrong.is_empty(), "{} of {lives} lives, the first: {}", wrong.len(), wrong[0]);
    assert!(steps > 1000, "{steps}");
}
