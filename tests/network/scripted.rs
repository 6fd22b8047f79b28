//! A name server in whose hands the test lies.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use tieback::net::resolve::{Looking, Lookup};

/// Gives its answers one after another, whatever it is asked, and the last one for ever.
#[derive(Clone)]
pub struct Scripted(Arc<Mutex<Script>>);

struct Script {
    answers: Vec<Vec<IpAddr>>,
    asked: Vec<String>,
}

impl Scripted {
    /// Each answer is a list of addresses; one that is empty says that the name has none.
    pub fn new(answers: &[&[&str]]) -> Self {
        let parsed = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Self(Arc::new(Mutex::new(Script { answers: answers.iter().map(parsed).collect(), asked: Vec::new() })))
    }

    /// The names that it was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }
}

impl Lookup for Scripted {
    fn lookup(&self, name: &str) -> Looking {
        let mut script = self.0.lock().unwrap();
        script.asked.push(name.to_owned());
        let answer = if script.answers.len() > 1 { script.answers.remove(0) } else { script.answers[0].clone() };
        Box::pin(async move { Ok(answer) })
    }
}

/// Never answers.
pub struct Silent;

impl Lookup for Silent {
    fn lookup(&self, _: &str) -> Looking {
        Box::pin(std::future::pending())
    }
}

/// Cannot be asked.
pub struct Unreachable;

impl Lookup for Unreachable {
    fn lookup(&self, _: &str) -> Looking {
        Box::pin(async { Err(io::Error::other("no name server at 10.1.1.53")) })
    }
}
