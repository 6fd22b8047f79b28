//! What a look into a store found.

/// Which rule something breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// SQLite's own: pages, tables, indexes, types and constraints fit together.
    File,
    /// A row refers to one that is not there, such as a delivery to its payload.
    References,
    /// Each hook has a lane.
    Lanes,
    /// A lane's counts are those of its deliveries.
    Counts,
    /// A delivery with an outcome says when it ended, and a delivery's attempts are as many as it says.
    Outcomes,
    /// Ids that are given out next were never given out before.
    Ids,
    /// Hooks, events and payloads can be read.
    Content,
}

impl Check {
    /// `file`, `references`, `lanes`, `counts`, `outcomes`, `ids` or `content`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::References => "references",
            Self::Lanes => "lanes",
            Self::Counts => "counts",
            Self::Outcomes => "outcomes",
            Self::Ids => "ids",
            Self::Content => "content",
        }
    }
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule it breaks.
    pub check: Check,
    /// What, and where; no content of any row.
    pub message: String,
}

/// What a look into a store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntegrityReport {
    /// What is not as it must be; at most [`IntegrityReport::MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// There are more findings than these.
    pub more: bool,
}

impl IntegrityReport {
    /// How many findings one report has at most.
    pub const MAX_FINDINGS: usize = 100;

    /// Nothing was found.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds a finding, unless there are enough.
    pub fn add(&mut self, check: Check, message: impl Into<String>) {
        if self.findings.len() < Self::MAX_FINDINGS {
            self.findings.push(Finding { check, message: message.into() });
        } else {
            self.more = true;
        }
    }
}
