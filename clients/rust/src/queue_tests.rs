//! Tests of the queue in memory.

use futures_util::FutureExt;

use crate::entry::AppendError;
use crate::queue::Queue;
use crate::queue_state::NewBatch;

const ROW: NewBatch = NewBatch { rows: 1, names_device: false };

/// Batches of one row and 92 bytes, which take 100 bytes each.
fn filled(limit: u64, batches: usize) -> Queue {
    let queue = Queue::in_memory(limit);
    for _ in 0..batches {
        queue.append(ROW, |_| vec![0; 92]).unwrap();
    }
    queue
}

/// The sequences that may be sent now.
fn sent(queue: &Queue) -> Vec<i64> {
    std::iter::from_fn(|| queue.next().now_or_never()).map(|entry| entry.sequence).collect()
}

#[test]
fn one_batch_is_sent_before_the_window_opens() {
    let queue = filled(1000, 5);
    queue.rewind();
    assert_eq!(sent(&queue), [1]);
    queue.widen(3);
    assert_eq!(sent(&queue), [2, 3]);
    queue.acknowledge(2);
    assert_eq!(sent(&queue), [4, 5]);
    queue.rewind();
    assert_eq!(sent(&queue), [3]);
}

#[test]
fn an_older_acknowledgement_has_no_effect() {
    let queue = filled(1000, 4);
    queue.widen(4);
    sent(&queue);
    queue.acknowledge(3);
    queue.acknowledge(2);
    assert_eq!(queue.content(), (1, 100));
    assert!(queue.wait_for_acknowledgement(3).now_or_never().is_some());
    assert!(queue.wait_for_acknowledgement(4).now_or_never().is_none());
}

#[test]
fn a_batch_that_was_not_sent_is_not_acknowledged() {
    let queue = filled(1000, 3);
    queue.rewind();
    sent(&queue);
    queue.acknowledge(3);
    assert_eq!(queue.content().0, 2);
}

#[test]
fn a_full_queue_takes_nothing_but_a_first_batch() {
    let queue = filled(250, 2);
    assert!(matches!(queue.append(ROW, |_| vec![0; 92]), Err(AppendError::Full)));
    assert!(queue.wait_for_room(92).now_or_never().is_none());
    assert!(filled(10, 1).content().0 == 1);
}

#[test]
fn the_oldest_that_are_not_on_the_way_are_dropped() {
    let queue = filled(500, 5);
    queue.widen(2);
    assert_eq!(sent(&queue), [1, 2]);
    assert_eq!(queue.drop_oldest(92, false), 1);
    queue.append(ROW, |_| vec![0; 92]).unwrap();
    queue.widen(10);
    assert_eq!(sent(&queue), [4, 5, 6]);
}
