//! Files and folders for their owner alone, which are not made through a symbolic link.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The end of the name of a file that will replace another.
pub const NEW: &str = ".new";

/// Makes a folder where there is none, with those above it.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    builder.mode(0o700);
    builder.recursive(true).create(folder)
}

/// Opens a file, or makes it. A symbolic link is an error.
pub fn open_or_make(path: &Path) -> io::Result<File> {
    match make(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => open(path),
        made => made,
    }
}

/// Makes an empty file in place of a file or link of its name.
pub fn make_anew(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => make(path),
    }
}

/// Replaces a file as a whole: it has the former data, or the new.
pub fn replace(path: &Path, data: &[u8]) -> io::Result<()> {
    replace_with(path, |file| file.write_all(data))
}

/// The same so that the new data outlives the system's end.
pub fn replace_durably(path: &Path, data: &[u8]) -> io::Result<()> {
    replace_with(path, |file| file.write_all(data).and_then(|()| file.sync_all()))?;
    path.parent().map_or(Ok(()), synchronize_folder)
}

fn replace_with(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut written = OsString::from(path);
    written.push(NEW);
    write(&mut make_anew(written.as_ref())?)?;
    fs::rename(written, path)
}

/// Makes the names of new files durable. Some file systems cannot synchronize a folder, and need not.
#[cfg(unix)]
pub fn synchronize_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synchronized => synchronized,
    }
}

/// Systems other than Unix make them durable themselves.
#[cfg(not(unix))]
pub fn synchronize_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A file that exists is an error, and so is a link, wherever it leads.
fn make(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    options.mode(0o600);
    options.read(true).write(true).create_new(true).open(path)
}

fn open(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::other(format!("{} is a symbolic link", path.display())));
    }
    OpenOptions::new().read(true).write(true).open(path)
}
