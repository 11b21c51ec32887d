//! Writes the stubs of a descriptor set: `iotflow-codegen IMAGE FOLDER`.
//!
//! The stubs are committed, so that users of the crate need neither protoc nor a build script.

use std::error::Error;

use prost::Message;
use prost_types::FileDescriptorSet;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, image, folder] = arguments.as_slice() else {
        return Err("usage: iotflow-codegen IMAGE FOLDER".into());
    };
    let files = FileDescriptorSet::decode(std::fs::read(image)?.as_slice())?;
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .out_dir(folder)
        .compile_fds(files)?;
    Ok(())
}
