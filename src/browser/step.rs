//! One step of a script: a browser receives a response, or visits a page.

use super::{Jar, Outcome, Request, Target, TargetError, Visit};

/// One step of a script.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The URL as written.
    pub url: String,
    /// The target of the URL. An error if URLs of this kind have no cookies: nothing is received or sent.
    pub target: Result<Target, TargetError>,
    /// The request.
    pub request: Request,
    /// The action.
    pub action: Action,
}

/// The action of a step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// The page sets cookies with these headers.
    Receive(Vec<Vec<u8>>),
    /// The browser visits the page.
    Visit,
}

/// The outcome of a step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Played {
    /// The outcome of each header.
    Received(Vec<Outcome>),
    /// The cookies that the request sent.
    Visited(Visit),
    /// URLs of this kind have no cookies.
    NoCookies(TargetError),
}

impl Step {
    /// A page that sets cookies with the headers of its response.
    pub fn receive(url: &str, request: Request, headers: Vec<Vec<u8>>) -> Self {
        Self::new(url, request, Action::Receive(headers))
    }

    /// A page that is visited.
    pub fn visit(url: &str, request: Request) -> Self {
        Self::new(url, request, Action::Visit)
    }

    fn new(url: &str, request: Request, action: Action) -> Self {
        Self { url: url.to_owned(), target: Target::parse(url), request, action }
    }

    /// Runs the step.
    pub fn play(&self, jar: &mut Jar) -> Played {
        let target = match &self.target {
            Ok(target) => target,
            Err(error) => return Played::NoCookies(error.clone()),
        };
        match &self.action {
            Action::Receive(headers) => Played::Received(
                headers.iter().map(|header| jar.receive(target, header, &self.request)).collect(),
            ),
            Action::Visit => Played::Visited(jar.cookies_for(target, &self.request)),
        }
    }
}
