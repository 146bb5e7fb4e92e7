//! Jobs in all kinds of files, as people write them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

const DIR: &str = "/srv/wiki/sessions";
const DAY: u64 = 86_400;

/// What the first job of a command does to sessions in [`DIR`].
fn does(command: &str) -> String {
    let found = of_command(Path::new("/etc/cron.d/x"), Path::new("/none"), command);
    found.first().map_or("nothing".to_owned(), described)
}

fn described(cleaner: &Cleaner) -> String {
    let dir = &Target::at(Path::new(DIR));
    match (&cleaner.does, cleaner.deletes(dir)) {
        (Does::Unread, _) => "unread".to_owned(),
        (Does::Prune { all: false }, _) => "prune".to_owned(),
        (Does::Prune { all: true }, _) => "prune --all".to_owned(),
        (Does::CleanSessions { all }, _) => format!("cleansessions all={all}"),
        (_, Some(Deletion { program, age: Some(age), .. })) => {
            format!("{program} {}", age.as_secs() as f64 / DAY as f64)
        }
        (_, Some(Deletion { program, age: None, .. })) => format!("{program} all"),
        _ if cleaner.may_clean(dir) => "maybe".to_owned(),
        _ => "elsewhere".to_owned(),
    }
}

#[test]
fn commands_are_read_as_the_shell_reads_them() {
    for (command, what) in [
        ("find /srv/wiki/sessions -mtime +7 -delete", "find 7"),
        ("nice -n 19 /usr/bin/find /srv/wiki/sessions/ -type f -mtime +7 -exec rm -f {} \\;", "find 7"),
        ("find /srv/wiki -name '*' -mmin +720 -print0 | xargs -0 -r rm --", "find 0.5"),
        ("cd /srv/wiki && find sessions -atime +30 -delete >/dev/null 2>&1", "find 30"),
        ("find /srv/wiki/sessions -delete", "find all"),
        ("find /srv/wiki/sessions -mtime -7 -delete", "find all"),
        ("find /srv/wiki/sessions -mtime +7", "nothing"),
        ("find /srv/wiki/sessions -type d -empty -delete", "nothing"),
        ("find /srv/wiki/sessions -name '*.tmp' -mtime +1 -delete", "elsewhere"),
        ("find /srv/wiki/sessions ! -name '*.tmp' -mtime +1 -delete", "find 1"),
        ("find /srv/wiki -maxdepth 1 -mtime +1 -delete", "elsewhere"),
        ("find /srv/wiki -path /srv/wiki/sessions -prune -o -mtime +1 -delete", "maybe"),
        ("find sessions -mtime +7 -delete", "elsewhere"),
        ("D=/srv/wiki; find \"$D/sessions\" -mtime +7 -delete", "find 7"),
        ("for d in /srv/other /srv/wiki; do find ${d}/sessions -mtime +3 -delete; done", "find 3"),
        ("find $UNKNOWN/sessions -mtime +7 -delete", "elsewhere"),
        ("su www-data -c 'find /srv/wiki/sessions -mtime +7 -delete'", "find 7"),
        ("test -x /usr/sbin/tmpreaper && /usr/sbin/tmpreaper --mtime 7d /srv/wiki/sessions", "tmpreaper 7"),
        ("tmpwatch -m -x /srv/wiki/keep 168 /srv/wiki", "tmpwatch 7"),
        ("tmpwatch -x /srv/wiki/sessions 168 /srv/wiki", "elsewhere"),
        ("rm -rf /srv/wiki/sessions/*", "rm all"),
        ("rm -f /srv/wiki/sessions", "elsewhere"),
        ("rm -f /srv/wiki/sessions/tmp*", "elsewhere"),
        ("moin --config-dir=/srv/wiki maint cleansessions", "cleansessions all=false"),
        ("python /usr/bin/moin.py maint cleansessions --all", "cleansessions all=true"),
        ("moin maint reducewiki", "nothing"),
        ("wikifarm -q -f /etc/wikifarm/farm.toml session prune", "prune"),
        ("wikifarm session prune --all --yes", "prune --all"),
        ("wikifarm session prune --all --anonymous --yes", "prune"),
        ("wikifarm session prune --dry-run", "nothing"),
        ("# find /srv/wiki/sessions -delete", "nothing"),
        ("echo 'unbalanced", "nothing"),
    ] {
        assert_eq!(does(command), what, "{command}");
    }
}

/// The jobs below a root directory with these files, as `PLACE: what it does`.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let found = find(root.path());
    found.iter().map(|cleaner| format!("{}: {}", cleaner.file.display(), described(cleaner))).collect()
}

#[test]
fn cron_runs_its_tables_and_scripts() {
    let tidy = "find /srv/wiki/sessions -mtime +7 -delete";
    let system = format!("SHELL=/bin/sh\n# {tidy}\n17 3 * * * root {tidy}\n");
    assert_eq!(found(&[("etc/cron.d/tidy", &system)]), ["/etc/cron.d/tidy: find 7"]);
    assert_eq!(found(&[("etc/crontab", &system)]), ["/etc/crontab: find 7"]);
    assert_eq!(found(&[("etc/cron.d/tidy.bak", &system), ("etc/cron.d/tidy~", &system)]), [""; 0]);
    let user = format!("DIR = /srv/wiki\n@daily cd $DIR && {tidy}\n");
    assert_eq!(
        found(&[("var/spool/cron/crontabs/www-data", &user)]),
        ["/var/spool/cron/crontabs/www-data: find 7"]
    );
    let anacron = format!("7 5 tidy {tidy}\n");
    assert_eq!(found(&[("etc/anacrontab", &anacron)]), ["/etc/anacrontab: find 7"]);
    let script = format!("#!/bin/sh\nset -e\n{tidy}\n");
    assert_eq!(found(&[("etc/cron.daily/tidy", &script)]), ["/etc/cron.daily/tidy: find 7"]);
    let calls = "5 4 * * * root nice /usr/local/bin/tidy\n";
    assert_eq!(
        found(&[("etc/cron.d/calls", calls), ("usr/local/bin/tidy", &script)]),
        ["/etc/cron.d/calls: find 7"]
    );
    let percent = "5 4 * * * root find /srv/wiki/sessions -mtime +7 -delete%find /x -delete\n";
    assert_eq!(found(&[("etc/cron.d/percent", percent)]), ["/etc/cron.d/percent: find 7"]);
}

#[test]
fn systemd_runs_services_of_enabled_timers_and_targets() {
    let timer = "[Timer]\nOnCalendar=daily\n";
    let service = "[Unit]\nDescription=rm -rf /srv\n[Service]\nExecStart=-/usr/bin/find /srv/wiki/sessions \\\n  -mtime +7 -delete\n";
    let unit = [("etc/systemd/system/tidy.timer", timer), ("etc/systemd/system/tidy.service", service)];
    assert_eq!(found(&unit), [""; 0], "not enabled");
    let wants = ("etc/systemd/system/timers.target.wants/tidy.timer", timer);
    assert_eq!(found(&[unit[0], unit[1], wants]), ["/etc/systemd/system/tidy.service: find 7"]);
    let other = ("usr/lib/systemd/system/a.timer", "[Timer]\nUnit=tidy.service\n");
    let wants = ("usr/lib/systemd/system/timers.target.wants/a.timer", "");
    assert_eq!(found(&[unit[1], other, wants]), ["/etc/systemd/system/tidy.service: find 7"]);
    let reset = (
        "etc/systemd/system/tidy.service.d/x.conf",
        "[Service]\nExecStart=\nExecStart=/usr/local/bin/wikifarm session prune\n",
    );
    let wants = ("etc/systemd/system/timers.target.wants/tidy.timer", timer);
    assert_eq!(found(&[unit[0], unit[1], wants, reset]), ["/etc/systemd/system/tidy.service: prune"]);
    let boot = (
        "etc/systemd/system/moin.service",
        "[Service]\nExecStartPre=+/bin/sh -c 'rm -rf /srv/wiki/sessions/*'\n",
    );
    let wants = ("etc/systemd/system/multi-user.target.wants/moin.service", "");
    assert_eq!(found(&[boot, wants]), ["/etc/systemd/system/moin.service: rm all"]);
}

#[test]
fn tmpfiles_delete_by_age_except_what_another_line_names() {
    let of = |text: &str| found(&[("etc/tmpfiles.d/wiki.conf", text)]);
    let seven = ["/etc/tmpfiles.d/wiki.conf: systemd-tmpfiles 7"];
    assert_eq!(of("d /srv/wiki/sessions 0770 www-data www-data 7d\n"), seven);
    assert_eq!(of("e /srv/*/sessions - - - 1w\n"), seven);
    assert_eq!(of("d! /srv/wiki - - - m:168h\n"), seven);
    assert_eq!(of("d /srv/wiki/sessions 0770 www-data www-data -\n"), [""; 0]);
    assert_eq!(of("d /srv/wiki/sessions\n# e /srv/wiki/sessions - - - 7d\n"), [""; 0]);
    let elsewhere = ["/etc/tmpfiles.d/wiki.conf: elsewhere"];
    assert_eq!(of("d /srv/wiki - - - 7d\nx /srv/wiki/sessions\n"), elsewhere);
    assert_eq!(of("d /srv/wiki - - - 7d\nd /srv/wiki/sessions 0770 www-data www-data -\n"), elsewhere);
    assert_eq!(
        of("D /srv/wiki/sessions 0770 www-data www-data -\n"),
        ["/etc/tmpfiles.d/wiki.conf: systemd-tmpfiles all"]
    );
    let line = "e /srv/wiki/sessions - - - 7d\n";
    assert_eq!(
        found(&[("usr/lib/tmpfiles.d/a.conf", line), ("etc/tmpfiles.d/a.conf", "")]),
        [""; 0],
        "hidden by a file of the same name"
    );
}

#[test]
fn contributed_jobs_are_found() {
    let contrib = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib");
    let read = |name: &str| fs::read_to_string(contrib.join(name)).unwrap();
    let cron = read("cron.d/wikifarm");
    let cron: String = cron.lines().map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
    let found_in = found(&[("etc/cron.d/wikifarm", &cron)]);
    assert!(found_in.contains(&"/etc/cron.d/wikifarm: prune".to_owned()), "{found_in:?}");
    let (timer, service) = (read("systemd/wikifarm-prune.timer"), read("systemd/wikifarm-prune.service"));
    let dir = "etc/systemd/system";
    let files = [
        (format!("{dir}/wikifarm-prune.timer"), timer.as_str()),
        (format!("{dir}/wikifarm-prune.service"), service.as_str()),
        (format!("{dir}/timers.target.wants/wikifarm-prune.timer"), ""),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert_eq!(found(&files), ["/etc/systemd/system/wikifarm-prune.service: prune"]);
}

#[test]
fn scripts_of_hostile_users_take_little_time() {
    let begun = std::time::Instant::now();
    let doubling = "A=$A$A$A$A$A$A$A$Ax\n".repeat(2000);
    let values = format!(
        "for A in {}; do\n{}",
        "value ".repeat(500),
        format!("rm {}\n", "$A".repeat(500)).repeat(100)
    );
    let itself = "#!/bin/sh\n".to_owned() + &"/usr/local/bin/x\n".repeat(10_000);
    let call = "1 1 * * * root /usr/local/bin/x\n";
    for text in [&doubling, &values] {
        of_command(Path::new("x"), Path::new("/none"), text);
    }
    assert_eq!(found(&[("etc/cron.d/x", call), ("usr/local/bin/x", &itself)]), [""; 0]);
    let (deep, quotes) = ("sh -c ".repeat(5000), "'\"\\".repeat(10_000));
    for text in [&deep, &quotes] {
        of_command(Path::new("x"), Path::new("/none"), text);
    }
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}
