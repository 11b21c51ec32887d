//! The lock of a folder, which one writer has at a time.

use std::fs::File;
use std::path::Path;

use crate::error::{Code, Error, Result, reason};
use crate::private_files;
use crate::queue_files::unusable;

pub const NAME: &str = "lock";

/// Takes the lock. It ends with the file.
pub fn take(folder: &Path) -> Result<File> {
    let file = private_files::open_or_make(&folder.join(NAME)).map_err(|error| unusable(&error))?;
    file.try_lock().map_err(|_| Error {
        reason: reason::QUEUE_IN_USE.to_owned(),
        ..Error::new(Code::FailedPrecondition, format!("Another writer uses the folder {}.", folder.display()))
    })?;
    Ok(file)
}
