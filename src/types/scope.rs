//! Whose hooks: a company's or a project's.

use std::fmt;

use crate::error::{Error, Result};

/// The two levels at which hooks live. Each has its own catalogue of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Company-level resources fire on company hooks only.
    Company,
    /// Project-level resources fire on project hooks only.
    Project,
}

impl Level {
    /// `company` or `project`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Project => "project",
        }
    }

    /// The level that is not this one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Company => Self::Project,
            Self::Project => Self::Company,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One company, or one project. A hook belongs to exactly one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    company_id: Option<i64>,
    project_id: Option<i64>,
}

impl Scope {
    /// A company's scope.
    ///
    /// # Errors
    /// `invalid_argument` unless the id is 1 to 2^63-1.
    pub fn company(company_id: i64) -> Result<Self> {
        check("company_id", company_id)?;
        Ok(Self { company_id: Some(company_id), project_id: None })
    }

    /// A project's scope. REST v1.0 needs the project alone; publishing and REST v2.0 need its company too.
    ///
    /// # Errors
    /// `invalid_argument` unless each id is 1 to 2^63-1.
    pub fn project(project_id: i64, company_id: Option<i64>) -> Result<Self> {
        check("project_id", project_id)?;
        if let Some(company_id) = company_id {
            check("company_id", company_id)?;
        }
        Ok(Self { company_id, project_id: Some(project_id) })
    }

    /// The scope that a request in the form of REST v1.0 names: one of the two ids.
    ///
    /// # Errors
    /// `invalid_argument` with both or none.
    pub fn one_of(company_id: Option<i64>, project_id: Option<i64>) -> Result<Self> {
        match (company_id, project_id) {
            (Some(company_id), None) => Self::company(company_id),
            (None, Some(project_id)) => Self::project(project_id, None),
            (None, None) => Err(Error::invalid("the scope is missing: give a company_id or a project_id")),
            (Some(company_id), Some(project_id)) => Err(Error::invalid(format!(
                "the scope names both company_id {company_id} and project_id {project_id}: give one of them, \
                 or say outright that it is a project's scope, with its company"
            ))),
        }
    }

    /// Whether this is a company's scope or a project's.
    pub fn level(&self) -> Level {
        if self.project_id.is_some() { Level::Project } else { Level::Company }
    }

    /// The company, where known: always in a company's scope.
    pub fn company_id(&self) -> Option<i64> {
        self.company_id
    }

    /// The project, in a project's scope.
    pub fn project_id(&self) -> Option<i64> {
        self.project_id
    }

    /// Whether both can mean the same company or project: a project's scope may leave its company out.
    pub fn admits(&self, other: &Self) -> bool {
        self.project_id == other.project_id
            && match (self.company_id, other.company_id) {
                (Some(mine), Some(others)) => mine == others,
                _ => self.level() == Level::Project,
            }
    }
}

fn check(what: &str, id: i64) -> Result<()> {
    if id > 0 { Ok(()) } else { Err(Error::invalid(format!("{what} {id} is out of range: ids are 1 to 2^63-1"))) }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.project_id, self.company_id) {
            (Some(project), Some(company)) => write!(f, "project {project} of company {company}"),
            (Some(project), None) => write!(f, "project {project}"),
            (None, Some(company)) => write!(f, "company {company}"),
            (None, None) => f.write_str("no scope"),
        }
    }
}
