//! The shared file of credentials (`~/.aws/credentials`), as the AWS tools write it: sections in brackets, `name = value`.

use std::path::PathBuf;

use super::{Keys, source};
use crate::upstream::credentials::Machine;

/// The keys of the profile in use; none if there is no such file, or no such profile and none was asked for.
pub(super) async fn read(machine: &Machine) -> Result<Option<Keys>, String> {
    let asked = machine.variable("AWS_PROFILE");
    let profile = asked.as_deref().unwrap_or("default");
    let Some(path) = path(machine) else { return Ok(None) };
    let text = match tokio::fs::read_to_string(&path).await {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && asked.is_none() => return Ok(None),
        Err(error) => return Err(format!("the file {} of AWS credentials cannot be read: {error}", path.display())),
    };
    match keys(&text, profile) {
        Ok(keys) => Ok(Some(keys)),
        Err(Lacking::Profile) if asked.is_none() => Ok(None),
        Err(lacking) => Err(format!(
            "the file {} {lacking}; write its keys there, or put those of a login into the environment with \
             `aws configure export-credentials --profile {profile} --format env`",
            path.display(),
            lacking = match lacking {
                Lacking::Profile => format!("has no profile `{profile}`"),
                Lacking::Keys =>
                    format!("has no aws_access_key_id and aws_secret_access_key in the profile `{profile}`"),
            }
        )),
    }
}

fn path(machine: &Machine) -> Option<PathBuf> {
    match machine.variable("AWS_SHARED_CREDENTIALS_FILE") {
        Some(written) => Some(machine.path(&written)),
        None => machine.below_home(".aws/credentials"),
    }
}

#[derive(Debug, PartialEq)]
enum Lacking {
    Profile,
    Keys,
}

fn keys(text: &str, profile: &str) -> Result<Keys, Lacking> {
    let mut section = "";
    let mut found = false;
    let (mut id, mut secret, mut session) = (None, None, None);
    for line in text.lines() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            section = name.0.trim();
            found |= section == profile;
        } else if section == profile
            && !line.starts_with(['#', ';'])
            && let Some((name, value)) = line.split_once('=')
        {
            match name.trim().to_ascii_lowercase().as_str() {
                "aws_access_key_id" => id = Some(value.trim()),
                "aws_secret_access_key" => secret = Some(value.trim()),
                "aws_session_token" => session = Some(value.trim()),
                _ => {}
            }
        }
    }
    if !found {
        return Err(Lacking::Profile);
    }
    id.zip(secret).and_then(|(id, secret)| source::pair(id, secret, session)).ok_or(Lacking::Keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# mine\n[default]\naws_access_key_id=AKIDONE\naws_secret_access_key = one=/+\n\n[ work ]\r\n\
                        AWS_ACCESS_KEY_ID = AKIDTWO\r\naws_secret_access_key=two\r\naws_session_token = three==\r\n\
                        ; aws_session_token = four\n[sso]\nsso_session = x\n";

    #[test]
    fn a_profile_is_found_by_its_name() {
        let found = keys(FILE, "default").unwrap();
        assert_eq!((found.id.as_str(), found.secret.expose()), ("AKIDONE", "one=/+"));
        assert!(found.session.is_none());
        let found = keys(FILE, "work").unwrap();
        assert_eq!((found.id.as_str(), found.secret.expose()), ("AKIDTWO", "two"));
        assert_eq!(found.session.unwrap().expose(), "three==");
        assert_eq!(keys(FILE, "sso").unwrap_err(), Lacking::Keys);
        assert_eq!(keys(FILE, "mine").unwrap_err(), Lacking::Profile);
        assert!(!format!("{:?}", keys(FILE, "work")).contains("three"));
    }
}
