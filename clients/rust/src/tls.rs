//! Protection of the connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// Protects the connection. The default trusts the authorities of the system. The files are read for each new connection,
/// so renewed ones need no restart.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The trusted authorities in PEM form. None: those of the system.
    pub authority_file: Option<PathBuf>,
    /// The client's certificate in PEM form. It needs `key_file`.
    pub certificate_file: Option<PathBuf>,
    /// The key of the client's certificate in PEM form.
    pub key_file: Option<PathBuf>,
    /// The name in the server's certificate. None: the host of the target.
    pub server_name: Option<String>,
}

impl Tls {
    /// Reads the files.
    pub(crate) fn read(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(self.authorities()?);
        let mut config = match (&self.certificate_file, &self.key_file) {
            (Some(certificate), Some(key)) => builder
                .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
                .map_err(|error| format!("The client's certificate cannot be used: {error}."))?,
            (None, None) => builder.with_no_client_auth(),
            _ => return Err("A client's certificate needs its key, and a key its certificate.".to_owned()),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }

    fn authorities(&self) -> Result<RootCertStore, String> {
        let mut store = RootCertStore::empty();
        let found = match &self.authority_file {
            Some(path) => certificates(path)?,
            None => rustls_native_certs::load_native_certs().certs,
        };
        if store.add_parsable_certificates(found).0 == 0 {
            return Err("There is no certificate of an authority.".to_owned());
        }
        Ok(store)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| format!("{} has no certificates in PEM form: {error}.", path.display()))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| format!("{} has no key in PEM form: {error}.", path.display()))
}
