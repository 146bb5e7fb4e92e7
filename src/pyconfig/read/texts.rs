//! A regular expression taken apart into the texts that it matches, as far as they are few.

use regex_syntax::hir::{Class, Hir, HirKind};

/// How many texts an expression may stand for.
pub(super) const MOST: usize = 256;

/// The longest text that is kept of one.
const LONGEST: usize = 2048;

/// A part of a text that an expression matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Byte(u8),
    /// Any one character: most often a dot that was meant as one.
    One,
    /// Any text, or any of many.
    Wild,
}

/// The texts that an expression stands for, in the order in which it tries them; `None` if there are too many.
pub(super) fn texts(hir: &Hir, budget: &mut usize) -> Option<Vec<Vec<Part>>> {
    *budget = budget.checked_sub(1)?;
    let all = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![Vec::new()],
        HirKind::Literal(literal) => vec![literal.0.iter().map(|byte| Part::Byte(*byte)).collect()],
        HirKind::Class(class) => one_of(class).into_iter().map(|part| vec![part]).collect(),
        HirKind::Capture(capture) => texts(&capture.sub, budget)?,
        HirKind::Repetition(repetition) => match (repetition.min, repetition.max) {
            (0, Some(1)) => {
                let mut all = texts(&repetition.sub, budget)?;
                all.push(Vec::new());
                all
            }
            (min, Some(max)) if min == max && min <= 4 => {
                let subs: Vec<&Hir> = (0..min).map(|_| repetition.sub.as_ref()).collect();
                product(&subs, budget)?
            }
            _ => vec![vec![Part::Wild]],
        },
        HirKind::Concat(subs) => product(&subs.iter().collect::<Vec<_>>(), budget)?,
        HirKind::Alternation(subs) => {
            let mut all = Vec::new();
            for sub in subs {
                all.extend(texts(sub, budget)?);
            }
            all
        }
    };
    (all.len() <= MOST && all.iter().all(|text| text.len() <= LONGEST)).then_some(all)
}

/// Each text of the first, followed by each of the second, and so on.
fn product(subs: &[&Hir], budget: &mut usize) -> Option<Vec<Vec<Part>>> {
    let mut all = vec![Vec::new()];
    for sub in subs {
        let next = texts(sub, budget)?;
        if all.len() * next.len() > MOST {
            return None;
        }
        all = all
            .iter()
            .flat_map(|head: &Vec<Part>| next.iter().map(|tail| [head.clone(), tail.clone()].concat()))
            .collect();
        if all.iter().any(|text| text.len() > LONGEST) {
            return None;
        }
    }
    Some(all)
}

/// The characters of a class: each if they are few, and of a letter in both cases the small one.
fn one_of(class: &Class) -> Vec<Part> {
    let bytes: Vec<u8> = match class {
        Class::Bytes(class) => class.iter().flat_map(|range| range.start()..=range.end()).collect(),
        Class::Unicode(class) => {
            let chars = class.iter().flat_map(|range| range.start()..=range.end()).take(300);
            chars.map(|c| u8::try_from(c).unwrap_or(u8::MAX)).collect()
        }
    };
    match bytes.len() {
        // `.` leaves out the line end, `[^/]` one more.
        200.. => vec![Part::One],
        0..=4 => {
            let small =
                |byte: &u8| !(byte.is_ascii_uppercase() && bytes.contains(&byte.to_ascii_lowercase()));
            bytes.iter().filter(|byte| small(byte)).map(|byte| Part::Byte(*byte)).collect()
        }
        _ => vec![Part::Wild],
    }
}

/// The text, with a dot for any one character.
pub(super) fn plain(text: &[Part]) -> String {
    let bytes: Vec<u8> = text
        .iter()
        .filter_map(|part| match part {
            Part::Byte(byte) => Some(*byte),
            Part::One => Some(b'.'),
            Part::Wild => None,
        })
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
