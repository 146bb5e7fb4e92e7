//! `session revoke` beside running clients, in Redis.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use wikifarm::ops::revoke;

use crate::behavior::opened;
use crate::clients::{Client, Found, Stops, Stored, Wiki};
use crate::killed::budget;
use crate::store::EntryName;

use super::redis_server::RedisServer;

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn revoke_beside_busy_clients_ends_their_sessions_in_redis() {
    const CLIENTS: usize = 3;
    let server = RedisServer::start(&[]);
    // Wikis with older modules: no tombstone keeps them from saving.
    server.cli(&["SET", "wikifarm:version", "1"]);
    let wiki = |number: usize| {
        let id = EntryName::new(format!("{number:040x}").as_bytes()).unwrap();
        Stored { store: opened(&server.address("")), id }
    };
    let wikis: Vec<Stored> = (0..CLIENTS).map(wiki).collect();
    let spec = wikis[0].store.spec().clone();
    let begun = Instant::now();
    let (mut rounds, mut returns) = (0, 0);
    while rounds == 0 || begun.elapsed() < budget() {
        rounds += 1;
        let clients: Vec<Client> = wikis.iter().map(|_| Client::new(2)).collect();
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            for (wiki, client) in wikis.iter().zip(&clients) {
                wiki.save(0);
                for number in 0..2 {
                    let stop = &stop;
                    scope.spawn(move || client.run(number, wiki, stop));
                }
            }
            let _stops = Stops(&stop);
            thread::sleep(Duration::from_millis(30));
            let users = Some(BTreeSet::from(["1.2".to_owned()]));
            let options = revoke::Options {
                target: revoke::Target { users, ..Default::default() },
                lock_dir: server.dir.path().join("locks"),
                wait: false,
                dry_run: false,
                settle: Duration::from_secs(3),
                shown: 0,
            };
            let go_on = AtomicBool::new(false);
            let report = revoke::plan(vec![spec.clone()], options, &go_on).execute(&go_on);
            let over = clients.iter().filter(|client| client.is_logged_out()).count();
            assert!(report.problems.is_empty(), "{:?}", report.problems);
            assert_eq!((report.total.still_there, over), (0, CLIENTS), "{report:?}");
            returns += report.total.returns;
        });
        assert!(wikis.iter().all(|wiki| wiki.load() != Found::LoggedIn));
    }
    println!("{} clients: none kept its session, which came back {returns} times", rounds * CLIENTS);
    assert!(returns > 0);
}
