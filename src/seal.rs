//! How is a copy kept from those who find it? Encrypted with age (age-encryption.org/v1), for keys of our own.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use age::{
    Decryptor, Encryptor,
    secrecy::ExposeSecret,
    x25519::{Identity, Recipient},
};

#[derive(Debug, thiserror::Error)]
pub enum CannotSeal {
    #[error("{0} is no public key of age: one begins with age1")]
    Recipient(String),
    #[error("{0} holds no private key of age: a line in it begins with AGE-SECRET-KEY-1")]
    Identity(String),
    #[error("it cannot be decrypted: it was encrypted for another key, or is not whole ({0})")]
    Foreign(String),
    #[error("{0}")]
    File(#[from] io::Error),
}

/// A new file for us alone; refuses to write over another.
pub fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Writes an encrypted copy, on disk when it returns.
pub fn seal(from: &Path, to: &Path, recipients: &[String]) -> Result<(), CannotSeal> {
    let parse = |text: &String| text.trim().parse::<Recipient>().map_err(|_| CannotSeal::Recipient(text.clone()));
    let recipients: Vec<Recipient> = recipients.iter().map(parse).collect::<Result<_, _>>()?;
    let encryptor = Encryptor::with_recipients(recipients.iter().map(|recipient| recipient as _))
        .map_err(|error| CannotSeal::Foreign(error.to_string()))?;
    let mut sealed = encryptor.wrap_output(BufWriter::new(private_file(to)?))?;
    io::copy(&mut BufReader::new(File::open(from)?), &mut sealed)?;
    let file = sealed.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(file.sync_all()?)
}

/// Writes the decrypted copy of a file, with a key file as `age-keygen` writes it.
pub fn open(from: &Path, to: &Path, key_file: &Path) -> Result<(), CannotSeal> {
    let text = std::fs::read_to_string(key_file)?;
    let identities: Vec<Identity> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
    if identities.is_empty() {
        return Err(CannotSeal::Identity(key_file.display().to_string()));
    }
    let foreign = |error: age::DecryptError| CannotSeal::Foreign(error.to_string());
    let decryptor = Decryptor::new(BufReader::new(File::open(from)?)).map_err(foreign)?;
    let mut clear = decryptor.decrypt(identities.iter().map(|identity| identity as _)).map_err(foreign)?;
    let mut file = BufWriter::new(private_file(to)?);
    io::copy(&mut clear, &mut file).map_err(|error| CannotSeal::Foreign(error.to_string()))?;
    Ok(file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?)
}

/// Whether it begins as a file of age does.
pub fn is_sealed(file: &Path) -> io::Result<bool> {
    use io::Read;
    let mut first = Vec::new();
    File::open(file)?.take(18).read_to_end(&mut first)?;
    Ok(first.starts_with(b"age-encryption.org"))
}

/// Makes a key: the private half goes into the file, the public half is returned.
pub fn new_key(file: &Path) -> Result<String, CannotSeal> {
    let identity = Identity::generate();
    let public = identity.to_public().to_string();
    let mut written = private_file(file)?;
    writeln!(written, "# public key: {public}\n{}", identity.to_string().expose_secret())?;
    written.sync_all()?;
    Ok(public)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (mine, _other) = (new_key(&at("mine")).unwrap(), new_key(&at("other")).unwrap());
        std::fs::write(at("clear"), "what is secret").unwrap();
        seal(&at("clear"), &at("sealed"), std::slice::from_ref(&mine)).unwrap();
        assert!(is_sealed(&at("sealed")).unwrap() && !is_sealed(&at("clear")).unwrap());
        open(&at("sealed"), &at("again"), &at("mine")).unwrap();
        assert_eq!(std::fs::read_to_string(at("again")).unwrap(), "what is secret");

        assert!(matches!(open(&at("sealed"), &at("x"), &at("other")), Err(CannotSeal::Foreign(_))));
        assert!(matches!(open(&at("sealed"), &at("y"), &at("clear")), Err(CannotSeal::Identity(_))));
        assert!(matches!(seal(&at("clear"), &at("z"), &["age1x".to_owned()]), Err(CannotSeal::Recipient(_))));
        // A byte that was changed, or an end that is missing, is noticed.
        let whole = std::fs::read(at("sealed")).unwrap();
        std::fs::write(at("short"), &whole[..whole.len() - 1]).unwrap();
        assert!(matches!(open(&at("short"), &at("w"), &at("mine")), Err(CannotSeal::Foreign(_))));
        assert!(seal(&at("clear"), &at("sealed"), &[mine]).is_err(), "nothing is written over");
    }
}
