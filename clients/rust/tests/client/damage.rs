//! Segments that are cut, damaged or removed while their writer runs.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use iotflow::{DropReason, Error, Writer, WriterConfig};

use crate::server::Server;
use crate::support::{DEADLINE, Seen, add, client, in_folder};
use crate::test_folder::TestFolder;

/// The segments of a folder, the oldest first.
fn segments(folder: &TestFolder) -> Vec<PathBuf> {
    let files = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
    let mut segments: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "batches")).collect();
    segments.sort_unstable();
    segments
}

fn cut(segment: &Path) {
    let file = OpenOptions::new().write(true).open(segment).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
}

fn change(segment: &Path) {
    let file = OpenOptions::new().write(true).open(segment).unwrap();
    file.write_at(b"changed", file.metadata().unwrap().len() / 2).unwrap();
}

fn remove(segment: &Path) {
    fs::remove_file(segment).unwrap();
}

type Damage = fn(&Path);

const DAMAGES: [(&str, Damage); 3] = [("cut", cut), ("change", change), ("remove", remove)];

/// A writer whose batches cannot be sent yet, with several segments.
async fn filled(server: &Server, folder: &TestFolder, lost: &Seen<usize>) -> Result<Writer, Error> {
    server.state().page = Some(503);
    let lost = lost.clone();
    let config = WriterConfig { queue_limit: 16 << 10, ..in_folder(folder) }.on_dropped(move |dropped| {
        assert_eq!(dropped.reason, DropReason::Damaged);
        lost.add(dropped.rows);
    });
    let writer = client(&server.target).writer(config).await?;
    add(&writer, "level", 500).await?;
    Ok(writer)
}

#[tokio::test]
async fn the_writer_goes_on_with_the_next_segment() -> Result<(), Error> {
    for (name, damage) in DAMAGES {
        let (server, folder, lost) = (Server::start().await, TestFolder::new(), Seen::new());
        let writer = filled(&server, &folder, &lost).await?;
        let all = segments(&folder);
        assert!(all.len() >= 3, "{all:?}");
        damage(&all[1]);
        server.state().page = None;
        writer.close(DEADLINE).await?;
        let lost: usize = lost.take().into_iter().sum();
        assert!(lost > 0 && lost < 250, "{name}: {lost} rows");
        assert_eq!((writer.status().dropped_rows, server.sequences().len() * 10), (lost, 500 - lost), "{name}");
    }
    Ok(())
}

/// What is added after the damage is stored, also when another process sends it.
#[tokio::test]
async fn the_newest_segment_is_left_where_it_was_damaged() -> Result<(), Error> {
    for (name, damage) in DAMAGES {
        for is_restarted in [false, true] {
            let (server, folder, lost) = (Server::start().await, TestFolder::new(), Seen::new());
            let mut writer = filled(&server, &folder, &lost).await?;
            damage(segments(&folder).last().unwrap());
            if name == "change" {
                // The length does not show it; reading does.
                server.state().page = None;
                writer.flush(DEADLINE).await?;
                server.state().page = Some(503);
            }
            add(&writer, "new", 50).await?;
            if is_restarted {
                writer.close(Duration::from_millis(50)).await.unwrap_err();
                writer = client(&server.target).writer(in_folder(&folder)).await?;
            }
            server.state().page = None;
            writer.close(DEADLINE).await?;
            let state = server.state();
            let new = state.batches.iter().filter(|batch| batch.columns[0].measurement == "new");
            let rows: usize = new.map(|batch| batch.timestamps.len()).sum();
            assert!(rows == 50, "{name}, restarted: {is_restarted}: {rows} of 50 rows");
        }
    }
    Ok(())
}
