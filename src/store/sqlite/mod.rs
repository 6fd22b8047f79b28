//! The store in one SQLite file.
/// x
pub type SqliteStore = super::memory::MemoryStore;
impl SqliteStore {
    /// x
    pub fn open(_path: &std::path::Path) -> crate::error::Result<Self> {
        Ok(Self::new())
    }
}
