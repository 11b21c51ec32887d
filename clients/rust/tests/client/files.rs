//! The files of a queue.

use std::fs;
use std::path::Path;
use std::time::Duration;

use iotflow::{Code, Error};

use crate::server::Server;
use crate::support::{DEADLINE, NOWHERE, add, client, in_folder};
use crate::test_folder::TestFolder;

#[tokio::test]
async fn files_are_for_their_owner_alone() -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;

    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    let (server, parent) = (Server::start().await, TestFolder::new());
    let (above, folder) = (parent.path().join("above"), parent.path().join("above/queue"));
    let config = iotflow::WriterConfig { folder: Some(folder.clone()), ..in_folder(&parent) };
    let writer = client(&server.target).writer(config).await?;
    add(&writer, "level", 30).await?;
    writer.flush(DEADLINE).await?;
    add(&writer, "level", 30).await?;
    writer.close(DEADLINE).await?;
    assert_eq!((mode(&above), mode(&folder)), (0o700, 0o700));
    let mut names = Vec::new();
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    names.sort_unstable();
    assert_eq!(names, ["00000000000000000001.batches", "acknowledged", "device", "lock"]);
    Ok(())
}

/// A link in the folder to a file beside it.
fn link(folder: &Path, name: &str, victim: &Path) {
    std::os::unix::fs::symlink(victim, folder.join(name)).unwrap();
}

#[tokio::test]
async fn no_file_is_written_through_a_link() -> Result<(), Error> {
    for name in ["acknowledged.new", "device.new", "acknowledged", "device", "00000000000000000001.batches"] {
        let (server, folder, elsewhere) = (Server::start().await, TestFolder::new(), TestFolder::new());
        let victim = elsewhere.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        link(folder.path(), name, &victim);
        let writer = client(&server.target).writer(in_folder(&folder)).await?;
        add(&writer, "level", 30).await?;
        writer.close(DEADLINE).await?;
        assert_eq!(server.sequences(), [1, 2, 3], "{name}");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_link_in_place_of_the_lock_is_an_error() {
    for target in ["there", "not-there"] {
        let (folder, elsewhere) = (TestFolder::new(), TestFolder::new());
        fs::write(elsewhere.path().join("there"), "precious").unwrap();
        link(folder.path(), "lock", &elsewhere.path().join(target));
        let error = client(NOWHERE).writer(in_folder(&folder)).await.err().unwrap();
        assert_eq!((error.code, error.retryable), (Code::FailedPrecondition, false));
        assert!(error.message.contains("symbolic link"), "{error}");
        assert!(!elsewhere.path().join("not-there").exists());
    }
}

#[tokio::test]
async fn a_deadline_names_the_error_of_the_disk_until_it_is_over() -> Result<(), Error> {
    let (server, folder) = (Server::start().await, TestFolder::new());
    let writer = client(&server.target).writer(in_folder(&folder)).await?;
    fs::rename(folder.path(), folder.path().with_extension("moved")).unwrap();
    let adding = add(&writer, "level", 10);
    let flushing = async {
        let error = writer.flush(Duration::from_millis(200)).await.unwrap_err();
        assert_eq!(error.code, Code::DeadlineExceeded);
        assert!(error.message.contains("The disk does not take the queue: No such file"), "{error}");
        fs::rename(folder.path().with_extension("moved"), folder.path()).unwrap();
    };
    let (added, ()) = tokio::join!(adding, flushing);
    added?;
    writer.close(DEADLINE).await?;
    assert_eq!(server.sequences(), [1]);
    Ok(())
}

#[tokio::test]
async fn files_of_other_names_are_left_alone() -> Result<(), Error> {
    let (server, folder) = (Server::start().await, TestFolder::new());
    let writer = client(NOWHERE).writer(in_folder(&folder)).await?;
    add(&writer, "level", 10).await?;
    writer.close(Duration::from_millis(50)).await.unwrap_err();
    let segment = fs::read(folder.path().join("00000000000000000001.batches")).unwrap();
    let others = ["+0000000000000000007.batches", "-0000000000000000007.batches", "7.batches", "notes.txt"];
    for name in others {
        fs::write(folder.path().join(name), &segment).unwrap();
    }
    let writer = client(&server.target).writer(in_folder(&folder)).await?;
    assert_eq!(writer.status().queued_rows, 10);
    add(&writer, "level", 10).await?;
    writer.close(DEADLINE).await?;
    assert_eq!(server.sequences(), [1, 2]);
    for name in others {
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), segment, "{name}");
    }
    Ok(())
}
