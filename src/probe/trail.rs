//! The steps of one row, each with its time, none longer than is allowed.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::row::{Class, Ended, Step, StepKind};

/// What has been done for a row.
pub(super) struct Trail {
    pub(super) steps: Vec<Step>,
    step: Duration,
    end: Instant,
    /// The address that is tried, where there are several.
    address: Option<IpAddr>,
}

/// Why a step came to nothing.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nothing happened for as long as a step may take.
    Silence,
    /// The time for everything is over.
    Limit,
    /// An error.
    Error(io::Error),
}

impl Trail {
    pub(super) fn new(step: Duration, end: Instant) -> Self {
        Self {
            steps: Vec::new(),
            step,
            end,
            address: None,
        }
    }

    /// A trail of its own for one of several addresses, with the same limits.
    pub(super) fn to(&self, address: IpAddr) -> Self {
        Self {
            steps: Vec::new(),
            step: self.step,
            end: self.end,
            address: Some(address),
        }
    }

    /// Does something, and keeps what came of it.
    pub(super) async fn step<T>(
        &mut self,
        kind: StepKind,
        work: impl Future<Output = io::Result<T>>,
        told: impl FnOnce(&T) -> String,
    ) -> Result<T, Stop> {
        let began = Instant::now();
        if began >= self.end {
            return Err(Stop::Limit);
        }
        let done = timeout_at(self.end.min(began + self.step), work).await;
        let result = match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Stop::Error(error)),
            Err(_) if Instant::now() >= self.end => Err(Stop::Limit),
            Err(_) => Err(Stop::Silence),
        };
        let words = match &result {
            Ok(value) => told(value),
            Err(stop) => stop.to_string(),
        };
        self.steps.push(Step {
            kind,
            took: began.elapsed(),
            result: match self.address {
                Some(address) => format!("{address}: {words}"),
                None => words,
            },
        });
        result
    }
}

impl Stop {
    /// How a row ends whose connection was accepted before it stopped; `said` is what the client had said by then.
    pub(super) fn after(&self, said: &str) -> Ended {
        let what = match self {
            Self::Limit => return Ended::unclear(Class::NotProbed, self.to_string()),
            Self::Silence => format!("no answer to {said}"),
            Self::Error(error) => match error.kind() {
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => format!("reset after {said}"),
                io::ErrorKind::UnexpectedEof => format!("closed after {said}"),
                _ => format!("{error} after {said}"),
            },
        };
        let detail = format!("the connection was accepted, then {what}");
        Ended::shown(Class::ResetAfterHello, detail)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence => f.write_str("no answer in time"),
            Self::Limit => f.write_str("the time for the whole probe was over"),
            Self::Error(error) => match error.kind() {
                io::ErrorKind::ConnectionRefused => f.write_str("refused"),
                io::ErrorKind::ConnectionReset => f.write_str("reset"),
                io::ErrorKind::UnexpectedEof => f.write_str("closed"),
                _ => error.fmt(f),
            },
        }
    }
}
