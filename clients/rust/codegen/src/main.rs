//! Writes the stubs of a descriptor set: `iotflow-codegen IMAGE FOLDER`.
//!
//! The stubs are committed, so that users of the crate need neither protoc nor a build script.

use std::error::Error;
use std::fs;
use std::path::Path;

use prost::Message;
use prost_types::FileDescriptorSet;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, image, folder] = arguments.as_slice() else {
        return Err("usage: iotflow-codegen IMAGE FOLDER".into());
    };
    let files = FileDescriptorSet::decode(fs::read(image)?.as_slice())?;
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .out_dir(folder)
        .compile_fds(files)?;
    Ok(take_large_answers(&Path::new(folder).join("iotflow.v1.rs"))?)
}

/// Lets every stub take the answers that the contract permits: tonic refuses those of more than 4 MiB, and its generator has
/// no option for that.
fn take_large_answers(stubs: &Path) -> std::io::Result<()> {
    let mut text = fs::read_to_string(stubs)?;
    for call in ["tonic::client::Grpc::new(inner)", "tonic::client::Grpc::with_origin(inner, origin)"] {
        text = text.replace(call, &format!("{call}.max_decoding_message_size(crate::LARGEST_ANSWER)"));
    }
    fs::write(stubs, text)
}
