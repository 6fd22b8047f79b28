//! Whose hooks: a company's or a project's.

use super::boundary::guard;
use super::sized::{self, Growing};
use crate::error::{Error, Result};
use crate::types::Scope;

/// The level of a company's scope.
pub const TIEBACK_LEVEL_COMPANY: i32 = 1;

/// The level of a project's scope.
pub const TIEBACK_LEVEL_PROJECT: i32 = 2;

/// One company or one project: whose hooks a call is about. Begin with TIEBACK_SCOPE_INIT, or take
/// `tieback_scope_company` or `tieback_scope_project`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct tieback_scope {
    /// The size of this struct.
    pub struct_size: usize,
    /// TIEBACK_LEVEL_COMPANY or TIEBACK_LEVEL_PROJECT; 0 when exactly one of the ids is given and says it.
    pub level: i32,
    /// The company, 1 to 2^63-1. In a project's scope 0 leaves it out; publishing needs it.
    pub company_id: i64,
    /// The project, 1 to 2^63-1; 0 in a company's scope.
    pub project_id: i64,
}

// SAFETY: `repr(C)`, begins with its size, and zero is a value of integers.
unsafe impl Growing for tieback_scope {
    const NAME: &'static str = "tieback_scope";
}

/// Zeroes a scope of `struct_size` bytes and writes the size into it: TIEBACK_SCOPE_INIT for languages without macros.
///
/// Ownership: the scope stays yours. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_scope_init(scope: *mut tieback_scope, struct_size: usize) {
    guard((), || {
        // SAFETY: the caller keeps to the header: there are `struct_size` bytes.
        unsafe { sized::init(scope, struct_size) }
    })
}

/// A company's scope.
///
/// Ownership: a value. Threads: any. NULL: takes none. Errors: none here; the call that uses it checks the id.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_scope_company(company_id: i64) -> tieback_scope {
    guard(scope(TIEBACK_LEVEL_COMPANY, 0, 0), || scope(TIEBACK_LEVEL_COMPANY, company_id, 0))
}

/// A project's scope. The company may be 0 where only the project is known.
///
/// Ownership: a value. Threads: any. NULL: takes none. Errors: none here; the call that uses it checks the ids.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_scope_project(project_id: i64, company_id: i64) -> tieback_scope {
    guard(scope(TIEBACK_LEVEL_PROJECT, 0, 0), || scope(TIEBACK_LEVEL_PROJECT, company_id, project_id))
}

const fn scope(level: i32, company_id: i64, project_id: i64) -> tieback_scope {
    tieback_scope { struct_size: size_of::<tieback_scope>(), level, company_id, project_id }
}

/// Reads a scope.
///
/// # Safety
/// As for [`sized::required`].
pub unsafe fn read(given: *const tieback_scope) -> Result<Scope> {
    // SAFETY: the caller's promise is the same.
    let given = unsafe { sized::required(given) }?;
    let (company_id, project_id) = (one(given.company_id), one(given.project_id));
    match given.level {
        0 => Scope::one_of(company_id, project_id),
        TIEBACK_LEVEL_COMPANY if project_id.is_some() => Err(Error::invalid(format!(
            "a scope of level company has project_id {}: leave it 0, or use TIEBACK_LEVEL_PROJECT",
            given.project_id
        ))),
        TIEBACK_LEVEL_COMPANY => Scope::company(given.company_id),
        TIEBACK_LEVEL_PROJECT => Scope::project(given.project_id, company_id),
        other => Err(Error::invalid(format!(
            "level {other} of the scope is unknown: use TIEBACK_LEVEL_COMPANY (1), TIEBACK_LEVEL_PROJECT (2) or 0"
        ))),
    }
}

/// What is 0 was left out; what is wrong in another way is for the scope to say.
fn one(id: i64) -> Option<i64> {
    (id != 0).then_some(id)
}
