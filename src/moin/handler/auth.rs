//! Logging in, logging out, and superusers who switch to another user.
//!
//! Source: `handle_auth` in `MoinMoin/request/__init__.py` of 1.8, `MoinMoin/auth/__init__.py` of 1.9 and 2.0,
//! `MoinMoin/userprefs/suid.py`.

use super::exchange::{Action, Exchange, Outside, Remark};
use super::settings::Handler;
use crate::moin::{Behavior, Login, SessionData, Value};

impl Handler {
    /// Does what the request asks of the authentication methods; a [`Action::SwitchUser`] is the page's, and waits.
    pub fn authenticate(&self, exchange: &mut Exchange, action: &Action, outside: &mut Outside<'_>) {
        match action {
            Action::Login { name, method, persistent } => {
                self.log_in(exchange, name, method.as_deref(), outside);
                if self.behavior() == Behavior::V2Dev && exchange.user().is_some() {
                    // Flask's `session.permanent`.
                    exchange.session.set("_permanent", Value::Bool(*persistent));
                }
            }
            Action::Logout => self.log_out(exchange),
            Action::ChangePassword => match exchange.user() {
                None => exchange.remarks.push(Remark::NotLoggedIn),
                Some(user) => outside.users.renew_token(&user.id),
            },
            Action::Visit | Action::LoginForm | Action::SwitchUser { .. } => {}
        }
        if self.behavior() >= Behavior::V2 {
            super::flask::flash(exchange, action);
        }
    }

    fn log_in(&self, exchange: &mut Exchange, name: &str, method: Option<&str>, outside: &mut Outside<'_>) {
        if let Some(user) = exchange.user() {
            exchange.remarks.push(Remark::AlreadyLoggedIn(user.name.clone()));
            return;
        }
        let known = self.auth.iter().find(|known| method.is_none_or(|method| method == *known));
        let Some(method) = known else {
            exchange.remarks.push(Remark::NoSuchMethod(method.unwrap_or_default().to_owned()));
            return;
        };
        match outside.users.by_name(name) {
            None => exchange.remarks.push(Remark::NoSuchUser(name.to_owned())),
            Some(profile) if profile.disabled => exchange.remarks.push(Remark::Disabled(name.to_owned())),
            Some(profile) => exchange.user = Some(Login::of(outside.users, &profile.id, method)),
        }
    }

    fn log_out(&self, exchange: &mut Exchange) {
        if exchange.user().is_none() {
            exchange.remarks.push(Remark::NotLoggedIn);
        }
        if self.behavior() < Behavior::V1_9_0 {
            // Out of the switch first: the superuser stays logged in.
            if exchange.session.delete("setuid").is_some() {
                return;
            }
        } else if let Some(real) = exchange.real_user.take() {
            exchange.user = Some(real);
            return;
        }
        // Each method logs out those who came by it.
        if let Some(user) = exchange.user.as_mut().filter(|user| self.auth.contains(&user.auth_method)) {
            user.valid = false;
            if self.behavior() >= Behavior::V2 {
                super::flask::forget(&mut exchange.session);
            }
        }
    }

    fn is_superuser(&self, user: &Login) -> bool {
        user.valid && self.superusers.contains(&user.name)
    }

    /// Replaces a superuser with the user they have switched to, as every request does.
    pub(super) fn setup_setuid(&self, exchange: &mut Exchange, outside: &mut Outside<'_>) {
        let Some(id) = exchange.session.get("setuid").and_then(Value::as_str) else { return };
        let switched = switched(outside, id);
        if let Some(real) = exchange.user.take_if(|user| self.is_superuser(user)) {
            exchange.user = Some(switched);
            exchange.real_user = Some(real);
        }
    }

    /// Lets a superuser go on as the user `name`: the form of the settings that does it.
    pub fn switch_user(&self, exchange: &mut Exchange, name: &str, outside: &mut Outside<'_>) {
        let old = self.behavior() < Behavior::V1_9_0;
        if self.behavior() >= Behavior::V2 {
            exchange.remarks.push(Remark::NoSwitching);
            return;
        }
        // 1.7 and 1.8 let the superuser behind a switched user switch on.
        let real = exchange.real_user.as_ref().filter(|_| old).or(exchange.user.as_ref());
        let real = match real.filter(|user| self.is_superuser(user) && user.auth_method != "setuid") {
            Some(real) => real.clone(),
            None => {
                let name = exchange.user().map(|user| user.name.clone()).unwrap_or_default();
                exchange.remarks.push(Remark::MayNotSwitch(name));
                return;
            }
        };
        match outside.users.by_name(name) {
            None => exchange.remarks.push(Remark::NoSuchUser(name.to_owned())),
            Some(profile) => {
                if old {
                    exchange.session.set("setuid", Value::bytes(&profile.id));
                }
                exchange.user = Some(switched(outside, &profile.id));
                exchange.real_user = Some(real);
            }
        }
    }
}

/// The user switched to, who counts as valid even if disabled or deleted.
fn switched(outside: &Outside<'_>, id: &str) -> Login {
    Login { valid: true, ..Login::of(outside.users, id, "setuid") }
}
