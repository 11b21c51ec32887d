//! The file with the device whose batches a queue has.

use std::fs;
use std::io;
use std::path::Path;

use crate::private_files;

pub const NAME: &str = "device";

/// Replaces the recorded device, durably: its batches may be sent from then on. Where the disk does not take it, none is
/// recorded.
pub fn write(folder: &Path, device_id: i32) -> io::Result<()> {
    let path = folder.join(NAME);
    let durable = private_files::replace_durably(&path, format!("{device_id}\n").as_bytes());
    if durable.is_err() {
        // Another device's batches would count as those of the former one.
        let _ = fs::remove_file(path);
    }
    durable
}

/// The recorded device, or none where the file is missing or damaged.
pub fn read(folder: &Path) -> Option<i32> {
    let text = fs::read_to_string(folder.join(NAME)).ok()?;
    let digits = text.strip_suffix('\n')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|device_id| *device_id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn a_damaged_file_names_no_device() {
        let folder = TestFolder::new();
        assert_eq!(read(folder.path()), None);
        for damaged in ["", "\n", "7", "+7\n", "-7\n", "0\n", "7\n\n", "7 \n", "seven\n", "2147483648\n"] {
            fs::write(folder.path().join(NAME), damaged).unwrap();
            assert_eq!(read(folder.path()), None, "{damaged:?}");
        }
        write(folder.path(), 2_147_483_647).unwrap();
        assert_eq!(read(folder.path()), Some(2_147_483_647));
        assert_eq!(fs::read_to_string(folder.path().join(NAME)).unwrap(), "2147483647\n");
    }
}
