//! One line of the diagnosis.

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

/// How bad a line is; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// People can't log in, are logged out, or can be impersonated.
    Fail,
    /// Some people are affected, or will be.
    Warn,
    /// It could not be checked.
    Unknown,
    /// All is well.
    Ok,
}

impl Status {
    /// The word in output.
    pub(super) fn name(self) -> &'static str {
        match self {
            Status::Fail => "FAIL",
            Status::Warn => "WARN",
            Status::Unknown => "?",
            Status::Ok => "ok",
        }
    }
}

/// What a line is about; what affects most people first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(super) enum Area {
    /// The farm file.
    Config,
    /// Whether the wikis can save sessions.
    Storage,
    /// Cookies that browsers reject or drop.
    Cookies,
    /// Which wikis share logins, and which end the logins of others.
    Sharing,
    /// Jobs that remove sessions.
    Cleaners,
    /// The sessions in the stores.
    Sessions,
    /// The clock.
    Clock,
    /// The running wikis.
    Live,
}

impl Area {
    /// The word in output.
    pub(super) fn name(self) -> &'static str {
        self.into()
    }
}

/// What people notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Symptom {
    /// Users can't log in, or are anonymous again on the next page.
    CannotLogIn,
    /// Users act as somebody else, or can.
    WrongUser,
    /// Users are logged out too early.
    LoggedOut,
    /// The disk has no space or no inodes left.
    DiskFull,
    /// The wiki or its clean-up is slow.
    Slow,
}

/// One cause, its effect on people, and the command that shows more.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Line {
    /// How bad it is.
    pub(super) status: Status,
    /// What it is about.
    pub(super) area: Area,
    /// The cause, and its effect on people.
    pub(super) message: String,
    /// The wikis; empty if the line is about the whole farm.
    pub(super) wikis: Vec<String>,
    /// What people notice.
    pub(super) symptoms: Vec<Symptom>,
    /// The command that shows more, as it can be pasted.
    pub(super) details: Option<String>,
}

impl Line {
    pub(super) fn new(status: Status, area: Area, message: impl Into<String>) -> Line {
        let message = message.into();
        Line { status, area, message, wikis: Vec::new(), symptoms: Vec::new(), details: None }
    }

    /// Sets the wikis.
    pub(super) fn wikis(self, wikis: impl IntoIterator<Item = String>) -> Line {
        Line { wikis: wikis.into_iter().collect(), ..self }
    }

    /// Sets what people notice.
    pub(super) fn symptoms(self, symptoms: &[Symptom]) -> Line {
        Line { symptoms: symptoms.to_vec(), ..self }
    }

    /// Sets the command that shows more.
    pub(super) fn details(self, command: impl Into<String>) -> Line {
        Line { details: Some(command.into()), ..self }
    }

    /// The order of lines: by status, by the first symptom, by area, and then by how many wikis have it.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let symptom = self.symptoms.iter().min().map_or(u8::MAX, |symptom| *symptom as u8);
        (self.status, symptom, self.area, std::cmp::Reverse(self.wikis.len()))
    }
}
