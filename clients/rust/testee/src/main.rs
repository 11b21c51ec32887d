//! Driven by the conformance tests of all clients: reads requests from standard input, a JSON object in each line, and
//! writes answers and events to standard output. See clients/conformance/README.md.

#![forbid(unsafe_code)]

mod device;
mod fields;
mod log;
mod output;
mod reading;
mod testee;
mod vectors;

use std::error::Error;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::output::Output;
use crate::testee::Testee;

fn main() -> Result<(), Box<dyn Error>> {
    log::to_standard_error();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(serve());
    // Handlers that hang do not hold up the end.
    runtime.shutdown_background();
    served
}

/// Answers requests until the end of the input. Requests run concurrently.
async fn serve() -> Result<(), Box<dyn Error>> {
    let testee = Arc::new(Testee::new(Output));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let request: Value = serde_json::from_str(&line)?;
        tokio::spawn(answer(Arc::clone(&testee), request));
    }
    Ok(())
}

async fn answer(testee: Arc<Testee>, request: Value) {
    let id = request["id"].clone();
    testee.output.write(&match testee.handle(&request).await {
        Ok(result) => json!({"id": id, "result": result}),
        Err(error) => json!({"id": id, "error": output::error_fields(&error)}),
    });
}
