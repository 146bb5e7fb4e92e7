//! `wikifarm doctor`: machines that are broken in one way, and one that is well.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::health::beside;
use crate::support::{DAY, HOUR, Place, Session, clock, is_root, not_tested};

/// A farm that is well.
const FARM: &str = "
    moin = \"1.9.11\"

    [farm]
    cookie_domain = \".example.org\"
    cookie_name = \"lab\"
    cookie_secure = true
    cookie_httponly = true
    session_dir = \"sessions\"
    user_dir = \"users\"

    [wikis.docs]
    url = \"https://docs.example.org/\"

    [wikis.plans]
    url = \"https://plans.example.org/\"

    [[share]]
    wikis = [\"docs\", \"plans\"]

    [prune]
    idle = \"400d\"
";

/// A machine on which every night wikifarm prunes that farm.
fn machine(farm: &str) -> Place {
    let live = |digit| Session::new(digit).expires(clock() + DAY).user("1.2.3").written(clock() - HOUR);
    let place = Place::farm(farm).dir("sessions").dir("full").dir("users").file("users/1.2.3", "name=Ada\n");
    let job = "17 3 * * * root wikifarm -q session prune\n";
    let place = place.file("root/etc/cron.d/wikifarm", job).sessions("sessions", [live('a'), live('b')]);
    for digit in ['a', 'b'] {
        let path = place.path().join("sessions").join(digit.to_string().repeat(40));
        fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
    }
    place
}

/// The first line of the diagnosis, which ends with its details, and the status.
fn first(place: &Place, words: &str, status: i32) -> String {
    let run = place.wikifarm(&format!("doctor --root root {words}")).status(status).any_stdout().any_stderr();
    first_of(&run.run().stdout)
}

fn first_of(stdout: &str) -> String {
    let lines = stdout.lines().enumerate();
    let first = lines.take_while(|(number, line)| *number == 0 || line.starts_with("      "));
    first.map(|(_, line)| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(" ")
}

#[test]
fn doctor_of_a_healthy_farm_prints_a_line_for_each_area() {
    machine(FARM)
        .wikifarm("doctor --root root")
        .stdout(str![[r#"
ok    config    2 wikis, no findings
ok    storage   nothing keeps the wikis from saving sessions
ok    cookies   browsers accept the cookies of all wikis
ok    sharing   no wiki ends the logins of another, and every [[share]] holds
ok    cleaners  `wikifarm session prune` runs in /etc/cron.d/wikifarm
ok    sessions  2 sessions in 1 store, 2 live

"#]])
        .run();
}

#[test]
fn doctor_prints_json_with_the_command_of_each_line() {
    let place =
        machine(FARM).file("root/etc/cron.d/tidy", "1 1 * * * root find sessions -mtime +7 -delete\n");
    let tidy = format!("1 1 * * * root cd {} && find sessions -mtime +7 -delete\n", place.path().display());
    let place = place.file("root/etc/cron.d/tidy", tidy);
    let json = place.wikifarm("doctor --root root --format json").any_stdout().run().json();
    assert_eq!((json["failures"].as_u64(), json["warnings"].as_u64()), (Some(0), Some(1)), "{json}");
    let line = &json["lines"][0];
    assert_eq!(line["status"], "warn");
    assert_eq!(line["area"], "cleaners");
    assert_eq!(line["wikis"], serde_json::json!(["docs", "plans"]));
    assert_eq!(line["symptoms"], serde_json::json!(["logged-out"]));
    // `config check` does not read the jobs below another root.
    assert_eq!(line["details"], "wikifarm config rules job-deletes-logins");
}

#[test]
fn doctor_names_a_directory_that_the_wiki_cannot_write() {
    let place = machine(FARM);
    fs::set_permissions(place.path().join("sessions"), fs::Permissions::from_mode(0o550)).unwrap();
    let line = first(&place, "", 1);
    assert!(line.starts_with("FAIL storage docs and plans: can't save sessions: user "), "{line}");
    assert!(line.contains(" can't create and delete files in sessions ("), "{line}");
    assert!(line.ends_with(" details: wikifarm config check"), "{line}");
    assert_eq!(first(&place, "docs --symptom cannot-log-in", 1), line);
    let other = first(&place, "--symptom disk-full", 0);
    assert_eq!(other, "ok config no cause of this symptom was found");
    fs::set_permissions(place.path().join("sessions"), fs::Permissions::from_mode(0o750)).unwrap();
}

/// Runs as root beside directories of another user; `None` where the tests do not run as root.
fn as_root(place: &Place, prepare: impl Fn(&Path), status: i32) -> Option<String> {
    if !is_root() {
        not_tested("doctor as root", "the tests do not run as root");
        return None;
    }
    prepare(&place.path());
    let run = place.wikifarm("doctor --root root").by_tester().status(status).any_stdout().any_stderr();
    Some(first_of(&run.run().stdout))
}

#[test]
fn doctor_names_the_wrong_owner_and_accepts_a_group_that_can_write() {
    let place = machine(FARM);
    let wiki = |path: &Path| {
        for name in ["users", "users/1.2.3"] {
            chown(path.join(name), Some(4242), Some(4242)).unwrap();
        }
        for digit in ["a", "b"] {
            chown(path.join("sessions").join(digit.repeat(40)), Some(4242), Some(4242)).unwrap();
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    };
    let Some(line) = as_root(&place, wiki, 1) else { return };
    assert!(line.starts_with("FAIL storage docs and plans: can't save sessions: user 4242 can't "), "{line}");
    assert!(line.contains(" in sessions (owner 0, group 0, mode 0750)"), "{line}");
    let group = |path: &Path| {
        chown(path.join("sessions"), Some(0), Some(4242)).unwrap();
        fs::set_permissions(path.join("sessions"), fs::Permissions::from_mode(0o2770)).unwrap();
    };
    let line = as_root(&place, group, 0).unwrap();
    assert!(line.starts_with("ok config"), "{line}");
    // A directory above that the user of the wiki can't enter.
    let closed = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    let line = as_root(&place, closed, 1).unwrap();
    assert!(line.contains("can't save sessions: user 4242 can't enter "), "{line}");
}

#[test]
fn doctor_names_a_session_of_root_in_a_directory_of_the_wiki() {
    let place = machine(FARM);
    let root = |path: &Path| {
        for name in ["users", "users/1.2.3", "sessions"] {
            chown(path.join(name), Some(4242), Some(4242)).unwrap();
        }
        chown(path.join("sessions").join("a".repeat(40)), Some(4242), Some(4242)).unwrap();
        for (name, mode) in [("", 0o755), ("..", 0o755), ("sessions", 0o700)] {
            fs::set_permissions(path.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let own = path.join("sessions").join("b".repeat(40));
        fs::set_permissions(own, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let Some(line) = as_root(&place, root, 3) else { return };
    let start =
        "FAIL sessions 1 session in sessions with another owner: the wiki can't read, replace, or delete ";
    assert!(line.starts_with(start), "{line}");
    assert!(line.ends_with("details: wikifarm session verify --store-of docs"), "{line}");
}

#[test]
fn doctor_names_a_missing_data_or_cache_directory() {
    for key in ["data_dir", "cache_dir"] {
        let farm = FARM.replace("[wikis.docs]", &format!("[wikis.docs]\n    {key} = \"none\""));
        let line = first(&machine(&farm), "", 1);
        let start = format!("FAIL storage docs: {key} none does not exist: nobody can log in");
        assert!(line.starts_with(&start), "{line}");
    }
    // Another directory, whose name is like the words about these.
    let place = machine(&FARM.replace("\"users\"", "\"users/: data_dir none\""));
    let line = first(&place, "", 3);
    assert!(
        line.starts_with(
            "WARN storage docs and plans: user_dir users/: data_dir none does not exist details: "
        ),
        "{line}"
    );
}

/// A machine with many causes.
fn broken() -> Place {
    let farm = FARM
        .replace("[[share]]", "[wikis.trap]\n    url = \"https://trap.example.org/\"\n    session_dir = \"trap\"\n\n    [wikis.far]\n    url = \"https://far.example.com/\"\n    data_dir = \"none\"\n    aliases = [\"http://far.example.com/\"]\n\n    [[share]]");
    let attack = Session::new('c').raw(b"cos\nsystem\n(S'id'\ntR.").written(clock() - HOUR);
    let place = machine(&farm).dir("trap").session("sessions", attack);
    let tidy = format!("1 1 * * * root find {}/sessions -mtime +7 -delete\n", place.path().display());
    place.file("root/etc/cron.d/tidy", tidy)
}

#[test]
fn doctor_prints_commands_that_run_as_typed() {
    let place = broken();
    let mut commands: Vec<String> = Vec::new();
    for words in ["", "docs --symptom logged-out", "--symptom slow", "docs trap --symptom disk-full"] {
        let line = format!("doctor --root root --format json {words}");
        let json = place.wikifarm(&line).status_among(&[0, 1]).any_stdout().any_stderr().run().json();
        let lines = json["lines"].as_array().unwrap();
        commands.extend(lines.iter().filter_map(|line| Some(line["details"].as_str()?.to_owned())));
    }
    let text = place.wikifarm("doctor --root root").status(1).any_stdout().any_stderr().run().stdout;
    commands.extend(text.split('`').filter(|part| part.starts_with("wikifarm doctor")).map(str::to_owned));
    commands.sort();
    commands.dedup();
    assert!(commands.contains(&"wikifarm config rules job-deletes-logins".to_owned()), "{commands:?}");
    let with_root = "wikifarm doctor --symptom slow --root root --probe";
    assert!(commands.contains(&with_root.to_owned()), "{commands:?}");
    assert!(commands.len() > 6, "{commands:?}");
    // A visit to example.org is no test.
    for command in commands.iter().filter(|command| !command.contains("--probe")) {
        let words = command.strip_prefix("wikifarm ").unwrap();
        place.wikifarm(words).status_among(&[0, 1, 3, 4]).any_stdout().any_stderr().run();
    }
}

#[test]
fn doctor_names_a_read_only_mount_and_a_disk_without_inodes() {
    let place = machine(FARM);
    for (how, cause) in [("read-only", "sessions is mounted read-only"), ("no-inodes", "no free inodes on ")]
    {
        let Some(ran) = beside(&place, how, "doctor --root root", false) else { return };
        let line = first_of(&String::from_utf8_lossy(&ran.stdout));
        assert_eq!(ran.status.code(), Some(1), "{line}");
        assert!(line.starts_with("FAIL storage docs and plans: can't save sessions: "), "{line}");
        assert!(line.contains(cause), "{line}");
    }
}

#[test]
fn doctor_names_jobs_that_delete_sessions() {
    let of = |name: &str, command: &str, status| {
        let place = machine(FARM);
        let text = command.replace("DIR", &place.path().join("sessions").display().to_string());
        first(&place.file(&format!("root/etc/{name}"), text), "", status)
    };
    let line = of("cron.d/tidy", "1 1 * * * root find DIR -mtime +7 -delete\n", 0);
    assert!(
        line.starts_with("WARN cleaners docs and plans: /etc/cron.d/tidy deletes sessions older than 7 d: "),
        "{line}"
    );
    assert!(
        line.contains("users who ticked \"remember me\" are logged out after 7 d without a visit"),
        "{line}"
    );
    let line = of("tmpfiles.d/wiki.conf", "e DIR - - - 1h\n", 0);
    assert!(
        line.contains("/etc/tmpfiles.d/wiki.conf deletes sessions older than 60 m: users are logged out"),
        "{line}"
    );
    let line = of("cron.d/moin", "1 1 * * * root moin --config-dir=/srv maint cleansessions --all\n", 1);
    let start = "FAIL cleaners everybody is logged out each time that /etc/cron.d/moin runs `moin maint cleansessions --all`";
    assert!(line.starts_with(start), "{line}");
}

#[test]
fn doctor_does_not_say_that_there_is_no_job_where_it_cannot_look() {
    let place = machine(FARM).dir("root/var/spool/cron/crontabs");
    let (job, crontabs) = (place.path().join("root/etc/cron.d/wikifarm"), "root/var/spool/cron/crontabs");
    fs::remove_file(job).unwrap();
    let crontabs = place.path().join(crontabs);
    fs::set_permissions(&crontabs, fs::Permissions::from_mode(0o300)).unwrap();
    let line = first(&place, "--symptom logged-out", 3);
    assert_eq!(line, "? cleaners can't read /var/spool/cron/crontabs: unknown which jobs delete sessions");
    fs::set_permissions(&crontabs, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(first(&place, "--symptom logged-out", 0), "ok config no cause of this symptom was found");
}

#[test]
fn doctor_names_a_clock_that_is_behind() {
    let place = machine(FARM);
    let tomorrow = SystemTime::now() + Duration::from_secs(3 * 86_400 + 43_200);
    let dir = fs::File::open(place.path().join("sessions")).unwrap();
    dir.set_times(fs::FileTimes::new().set_modified(tomorrow)).unwrap();
    let line = first(&place, "", 0);
    assert!(
        line.starts_with("WARN clock docs and plans: the clock is 3 d behind the last change of sessions: "),
        "{line}"
    );
}

#[test]
fn doctor_names_a_log_out_trap_a_rejected_cookie_and_an_unmet_share() {
    let trap = FARM.replace(
        "[[share]]",
        "[wikis.trap]\n    url = \"https://trap.example.org/\"\n    session_dir = \"trap\"\n\n    [[share]]",
    );
    let line = first(&machine(&trap).dir("trap"), "", 1);
    assert!(
        line.starts_with(
            "FAIL sharing visiting trap deletes the shared cookie: users are logged out of docs and plans"
        ),
        "{line}"
    );
    assert!(line.ends_with("details: wikifarm cookie explain docs trap"), "{line}");
    let rejected = FARM.replace("\".example.org\"", "\".example.com\"");
    let line = first(&machine(&rejected), "", 1);
    assert!(
        line.starts_with("FAIL cookies docs: nobody can log in: browsers reject the cookie")
            && line.contains("example.com"),
        "{line}"
    );
    let unmet = FARM
        .replace("https://plans.example.org/\"", "https://plans.example.org/\"\n    cookie_name = \"other\"");
    let line = first(&machine(&unmet), "", 1);
    assert!(line.starts_with("FAIL sharing plans does not share the login of docs"), "{line}");
}

#[test]
fn doctor_names_warnings_about_cookies_with_which_people_cannot_log_in() {
    let alias = "url = \"https://plans.example.org/\"\n    aliases = [\"https://plans.example.net/\"]";
    let place = machine(&FARM.replace("url = \"https://plans.example.org/\"", alias));
    let line = first(&place, "--symptom cannot-log-in", 0);
    assert!(line.starts_with("WARN cookies ") && line.contains("plans.example.net"), "{line}");
    let skew = "url = \"https://plans.example.org/\"\n    clock_skew = 172800";
    let place = machine(&FARM.replace("url = \"https://plans.example.org/\"", skew));
    let line = first(&place, "--symptom logged-out", 0);
    assert!(line.starts_with("WARN clock "), "{line}");
}

#[test]
fn doctor_names_sessions_that_are_an_attack_and_an_error_in_the_farm_file() {
    let attack = Session::new('c').raw(b"cos\nsystem\n(S'id'\ntR.").written(clock() - HOUR);
    let line = first(&machine(FARM).session("sessions", attack), "", 1);
    assert!(
        line.starts_with("FAIL sessions 1 session in sessions that run code in the wiki: a possible attack"),
        "{line}"
    );
    let place = machine(&FARM.replace("user_dir", "user_dri"));
    let line = first(&place, "", 1);
    assert!(line.starts_with("FAIL config ") && line.contains("user_dri"), "{line}");
}

#[test]
fn doctor_names_the_wikis_whose_sessions_it_cannot_find() {
    let share = "    [[share]]\n    wikis = [\"docs\", \"plans\"]\n";
    let new = "    [wikis.new]\n    moin = \"2.0.0b5\"\n    url = \"https://new.example.net/\"\n    secret_key_id = \"a\"\n    unset = [\"cookie_domain\"]\n";
    let place = machine(&FARM.replace("    session_dir = \"sessions\"\n", "").replace(share, new));
    let why = "no data_dir, cache_dir, or session_dir in the farm file";
    let details = "details: wikifarm config check --min-severity note";
    let expected = format!("? storage docs and plans: sessions not checked: {why} {details}");
    for words in ["", "--symptom cannot-log-in", "--symptom disk-full"] {
        assert_eq!(first(&place, words, 3), expected);
    }
    assert!(first(&place, "new", 0).starts_with("ok "));
    let text = place.wikifarm("doctor --root root").status(3).any_stdout().run().stdout;
    assert!(!text.contains("nothing keeps the wikis from saving sessions"), "{text}");
}

#[test]
fn doctor_of_an_unknown_wiki_is_a_usage_error() {
    machine(FARM)
        .wikifarm("doctor dosc")
        .status(2)
        .stderr(str![[r#"
error: farm.toml: no wiki "dosc"
help: did you mean "docs"?

"#]])
        .run();
}

#[test]
fn doctor_names_a_store_that_fills_its_disk_soon() {
    let place = machine(FARM);
    let at = jiff::Timestamp::from_second(clock() + DAY / 2).unwrap();
    let Some(ran) =
        beside(&place, "filling", &format!("doctor --root root --symptom disk-full --now {at}"), false)
    else {
        return;
    };
    let line = first_of(&String::from_utf8_lossy(&ran.stdout));
    assert!(line.starts_with("WARN sessions sessions grows by 2"), "{line}");
    assert!(line.contains(" sessions a day: no inodes left in 1 day"), "{line}");
    assert!(line.ends_with("details: wikifarm session stats --store-of docs"), "{line}");
}

#[test]
fn doctor_of_many_causes_shows_the_worst_and_counts_the_others() {
    let wikis: String = (0..20)
        .map(|n| {
            format!("[wikis.w{n}]\nurl = \"https://w{n}.example.org/\"\ncookie_name = \"w{n}\"\nsession_dir = \"s{n}\"\n")
        })
        .collect();
    let mut place = machine(FARM);
    let farm = fs::read_to_string(place.path().join("farm.toml")).unwrap();
    place = place.file("farm.toml", farm.replace("[[share]]", &format!("{wikis}[[share]]")));
    for n in 0..20 {
        let bytes: &[u8] = if n < 10 { b"cos\nsystem\n(S'id'\ntR." } else { b"not a pickle" };
        let session = Session::new('c').raw(bytes).written(clock() - HOUR);
        place = place.dir(&format!("s{n}")).session(&format!("s{n}"), session);
    }
    let run = |words: &str| {
        let run = place.wikifarm(&format!("doctor --root root {words}")).status(1).any_stdout().any_stderr();
        run.run().stdout
    };
    let statuses = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with(' '));
        lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    let short = run("");
    let found = statuses(&short);
    assert!(
        found.len() < 15 && found.starts_with(&["FAIL".to_owned()]) && found.contains(&"ok".to_owned()),
        "{short}"
    );
    let all = statuses(&run("-v"));
    let more = format!(
        "                and {} more: run `wikifarm doctor --root root -v`\n",
        all.len() - found.len()
    );
    assert!(short.contains(&more) && all.len() > 25, "{more}{short}");
}

#[test]
fn doctor_with_probe_names_a_wiki_that_answers_differently_than_predicted() {
    let ahead = jiff::Timestamp::from_second(clock() + HOUR).unwrap();
    let date = ahead.strftime("%a, %d %b %Y %H:%M:%S GMT");
    let answer = format!("200 OK\nDate: {date}\nSet-Cookie: MOIN_SESSION_lab=; Max-Age=0; Path=/wiki");
    // The cookie of a load balancer, which browsers reject, keeps nobody from logging in.
    let spelling = "200 OK\nSet-Cookie: MOIN_SESSION_lab=; max-age=0; path=/\n\
                    Set-Cookie: SERVERID=n1; Domain=lb.example.net";
    let wiki = crate::cookie_probe::Wiki::answering(&[&answer, spelling]);
    let farm = FARM.replace("https://plans.example.org/", &format!("http://{}/", wiki.address));
    let farm = farm.replace("cookie_domain = \".example.org\"", "").replace("cookie_secure = true", "");
    let place = machine(&farm.replace("[\"docs\", \"plans\"]", "[\"docs\"]"));
    let run = place.wikifarm("doctor plans --probe --root root").status(1).any_stdout().any_stderr().run();
    let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let drift =
        "FAIL live plans sends a different cookie than predicted: Path details: wikifarm cookie probe plans";
    assert!(text.starts_with(drift), "{text}");
    assert!(
        text.contains("WARN clock the clock of plans is 3") && text.contains(" s ahead of this machine"),
        "{text}"
    );
    assert!(text.contains("ok live 0 of 1 addresses answer as predicted"), "{text}");
    // The cookie works, so nobody is affected.
    let mild = first(&place, "plans --probe", 0);
    assert!(
        mild.starts_with("WARN live plans sends a different cookie than predicted: spelling details"),
        "{mild}"
    );
}

#[test]
fn doctor_with_probe_names_a_wiki_that_does_not_answer() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    drop(server);
    let farm = FARM.replace("https://plans.example.org/", &format!("http://127.0.0.1:{port}/"));
    let farm = farm.replace("cookie_domain = \".example.org\"", "").replace("cookie_secure = true", "");
    let farm = farm.replace("[\"docs\", \"plans\"]", "[\"docs\"]");
    let place = machine(&farm);
    let json =
        place.wikifarm("doctor plans --probe --root root --format json").status(3).any_stdout().any_stderr();
    let json = json.run().json();
    let unknown = json["lines"].as_array().unwrap().iter().find(|line| line["status"] == "unknown").unwrap();
    assert_eq!(unknown["area"], "live");
    assert_eq!(unknown["details"], "wikifarm cookie probe plans");
}
