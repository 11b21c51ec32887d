//! The names of segments.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

const SUFFIX: &str = ".batches";
const DIGITS: usize = 20;

/// The path of the segment whose first record has this sequence.
pub fn path(folder: &Path, first: i64) -> PathBuf {
    folder.join(format!("{first:0DIGITS$}{SUFFIX}"))
}

/// The first sequence of a segment, or none where the name has another form.
pub fn first(name: &OsStr) -> Option<i64> {
    let digits = name.to_str()?.strip_suffix(SUFFIX)?;
    let is_form = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_form.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_form_is_a_segment() {
        assert_eq!(path(Path::new("/queue"), 7), Path::new("/queue/00000000000000000007.batches"));
        assert_eq!(first("00000000000000000007.batches".as_ref()), Some(7));
        assert_eq!(first("09223372036854775807.batches".as_ref()), Some(i64::MAX));
        for other in [
            "+0000000000000000007.batches",
            "-0000000000000000007.batches",
            "0000000000000000007.batches",
            "000000000000000000007.batches",
            "09223372036854775808.batches",
            "00000000000000000007.batches.new",
            "00000000000000000007",
            " 0000000000000000007.batches",
            "０0000000000000007.batches",
        ] {
            assert_eq!(first(other.as_ref()), None, "{other}");
        }
    }
}
