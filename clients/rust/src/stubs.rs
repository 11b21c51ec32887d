//! The stubs of the contract, in the modules that they name each other by.

#[allow(missing_docs, clippy::all, rustdoc::all)]
pub mod google {
    pub mod api {
        include!("gen/google.api.rs");
    }
}

#[allow(missing_docs, clippy::all, rustdoc::all)]
pub mod iotflow {
    /// Messages and calls of the contract.
    pub mod v1 {
        include!("gen/iotflow.v1.rs");
    }
}

#[allow(missing_docs)]
#[path = "gen/words.rs"]
pub mod words;
