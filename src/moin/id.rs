//! The forms of session ids.

use super::{Behavior, Version};

/// What an id must look like for a version to look it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdForm {
    /// 32 of `a-z 0-9 _` (1.7, 1.8). From a cookie other characters are dropped and the rest is cut at 32.
    Word32,
    /// 40 hex digits of either case (1.9.0 to 1.9.3); any other id gets a new session.
    Hex40,
    /// 40 lower-case hex digits (from 1.9.4); any other id gets a new session.
    LowerHex40,
    /// The signed cookie is the session (2.0).
    Signed,
}

/// The form of the ids that `version` makes and accepts.
pub fn id_form(version: Version) -> IdForm {
    match version.behavior() {
        Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => IdForm::Word32,
        Behavior::V1_9_0 | Behavior::V1_9_1 | Behavior::V1_9_2 => IdForm::Hex40,
        Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => IdForm::Signed,
        _ => IdForm::LowerHex40,
    }
}

/// An id of the right form that belongs to nobody, for showing headers.
pub fn placeholder_id(version: Version) -> &'static str {
    match id_form(version) {
        IdForm::Word32 => "00000000000000000000000000000000",
        IdForm::Hex40 | IdForm::LowerHex40 => "0000000000000000000000000000000000000000",
        IdForm::Signed => "signed-session-data",
    }
}

impl IdForm {
    /// Whether a wiki that makes ids of this form accepts an id of `other`'s form from a cookie unchanged.
    pub fn accepts(self, other: IdForm) -> bool {
        match (self, other) {
            (IdForm::Word32, IdForm::Word32) => true,
            (IdForm::Hex40 | IdForm::LowerHex40, IdForm::Hex40 | IdForm::LowerHex40) => true,
            (IdForm::Signed, IdForm::Signed) => true,
            (IdForm::Word32 | IdForm::Hex40 | IdForm::LowerHex40 | IdForm::Signed, _) => false,
        }
    }

    /// A random id of this form; empty for 2.0, where the session is the cookie and needs none.
    pub fn random(self, random: &mut fastrand::Rng) -> String {
        let length = match self {
            IdForm::Word32 => 32,
            IdForm::Hex40 | IdForm::LowerHex40 => 40,
            IdForm::Signed => 0,
        };
        self.letters(length, random)
    }

    /// So many random characters of those that ids of this form consist of; none for 2.0.
    pub fn letters(self, count: usize, random: &mut fastrand::Rng) -> String {
        let alphabet = match self {
            IdForm::Word32 => "abcdefghijklmnopqrstuvwxyz0123456789_",
            IdForm::Hex40 | IdForm::LowerHex40 => "0123456789abcdef",
            IdForm::Signed => "",
        };
        (0..count).filter_map(|_| random.choice(alphabet.bytes()).map(char::from)).collect()
    }

    /// The form in words.
    pub fn describe(self) -> &'static str {
        match self {
            IdForm::Word32 => "32 characters of a-z, 0-9, and _",
            IdForm::Hex40 => "40 hex digits",
            IdForm::LowerHex40 => "40 lower-case hex digits",
            IdForm::Signed => "signed cookies",
        }
    }
}
