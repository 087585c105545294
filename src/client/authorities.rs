//! Whom a client believes about who a server is, besides the authorities that the machine believes.

use std::path::Path;

use reqwest::Certificate;

use crate::client::ClientError;

/// Certificate authorities besides those of the machine; none by default.
#[derive(Debug, Clone, Default)]
pub struct Authorities(pub(super) Vec<Certificate>);

impl Authorities {
    /// Reads them from a PEM file, which may hold several.
    ///
    /// # Errors
    /// [`ClientError::Setup`], naming the file, when it cannot be read or holds no certificate.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        let bad = |problem: &str| ClientError::Setup(format!("the authorities of {}: {problem}", path.display()));
        let pem = std::fs::read(path).map_err(|error| bad(&error.to_string()))?;
        let found = Certificate::from_pem_bundle(&pem).map_err(|_| bad("the file is no PEM"))?;
        if found.is_empty() {
            return Err(bad("the file holds no PEM certificate"));
        }
        Ok(Self(found))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_by_its_name() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"not a certificate").unwrap();
        for path in [file.path(), Path::new("/nowhere/ca.pem")] {
            let error = Authorities::read(path).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
        }
    }
}
