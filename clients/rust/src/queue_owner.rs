//! Whose batches a queue has. Batches that name no device are of the device of the key: that of another device would store
//! them as its own.

use std::path::Path;

use crate::device_file;
use crate::entry::Entry;
use crate::error::{Code, Error, Result, reason};
use crate::queue::Queue;
use crate::queue_state::State;

/// What is known about the batches that name no device.
#[derive(Default)]
pub struct Ownership {
    /// Whether the key of the present stream is not known yet to be that of their device, so that they wait.
    pub is_unproven: bool,
    device_id: Option<i32>,
    /// Whether the folder has that device.
    is_recorded: bool,
    /// Batches up to this sequence are that device's. Later ones are of the device that the first key of this process has.
    until: i64,
}

impl Ownership {
    /// What a folder has, whose highest sequence is `last`.
    pub fn of_folder(folder: &Path, last: i64) -> Self {
        let device_id = device_file::read(folder);
        Self { is_unproven: true, device_id, is_recorded: device_id.is_some(), until: last }
    }
}

impl State {
    /// Whether a batch must not be sent yet.
    pub fn holds_back(&self, entry: &Entry) -> bool {
        self.ownership.is_unproven && !entry.names_device
    }

    /// The other device whose batches are in the queue.
    fn other_owner(&self, device_id: i32) -> Option<i32> {
        let is_of_folder = |sequence: i64| sequence <= self.ownership.until;
        let has_batches = || self.entries.iter().any(|entry| !entry.names_device && is_of_folder(entry.sequence));
        self.ownership.device_id.filter(|owner| *owner != device_id && has_batches())
    }
}

impl Queue {
    /// Waits until a batch is held back.
    pub async fn wait_for_held(&self) {
        self.wait(|| self.holds_back().then_some(())).await;
    }

    /// Whether the next batch must not be sent yet.
    pub fn holds_back(&self) -> bool {
        let state = self.state();
        state.next().is_some_and(|entry| state.holds_back(entry))
    }

    /// Lets batches that name no device be sent.
    pub fn admit(&self) {
        self.state().ownership.is_unproven = false;
        self.changed.notify_waiters();
    }

    /// Lets batches that name no device be sent where they are of this device, which the folder records. Blocks.
    ///
    /// # Errors
    ///
    /// `FAILED_PRECONDITION` where batches are of another device.
    pub fn claim(&self, device_id: i32) -> Result<()> {
        let Some(disk) = &self.disk else {
            self.admit();
            return Ok(());
        };
        let state = self.state();
        if let Some(owner) = state.other_owner(device_id) {
            return Err(of_another_device(&disk.folder, owner, device_id));
        }
        let is_recorded = state.ownership.is_recorded && state.ownership.device_id == Some(device_id);
        drop(state);
        // A full disk is no reason to send nothing. The next stream records the device.
        let is_recorded = is_recorded || device_file::write(&disk.folder, device_id).is_ok();
        self.state().ownership =
            Ownership { is_unproven: false, device_id: Some(device_id), is_recorded, until: i64::MAX };
        self.admit();
        Ok(())
    }
}

fn of_another_device(folder: &Path, owner: i32, device_id: i32) -> Error {
    let message = format!(
        "The folder {} has batches of the device {owner}, and the key is that of the device {device_id}. Send them with a \
         key of the device {owner}, or give this device a folder of its own.",
        folder.display()
    );
    Error { reason: reason::QUEUE_OF_ANOTHER_DEVICE.to_owned(), ..Error::new(Code::FailedPrecondition, message) }
}
