//! What a plugin asks for in `describe`, and what of it it gets: what it asks for and the operator grants, or, if it is our own,
//! what it asks for by name.

use super::bindings::described::exports::ccr::plugin::plugin::Capability;
use super::component::Origin;
use crate::config::{Grants, HostPort};

/// The entry of a plugin's list that stands for "hosts that the operator names".
const OPERATORS_CHOICE: &str = "*";

/// What a plugin asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub kv: bool,
    pub model: bool,
    /// By name.
    pub hosts: Vec<HostPort>,
    /// Whatever hosts the operator names.
    pub any_host: bool,
}

/// What a plugin may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Granted {
    pub kv: bool,
    pub model: bool,
    pub hosts: Vec<HostPort>,
    pub private_network: bool,
}

impl Asked {
    /// Reads what `describe` said. `Err` says which entry makes no sense.
    pub(super) fn of(capabilities: &[Capability]) -> Result<Self, String> {
        let mut asked = Self::default();
        for capability in capabilities {
            match capability {
                Capability::Kv => asked.kv = true,
                Capability::Model => asked.model = true,
                Capability::Http(hosts) => hosts.iter().try_for_each(|host| asked.host(host))?,
            }
        }
        Ok(asked)
    }

    fn host(&mut self, text: &str) -> Result<(), String> {
        if text == OPERATORS_CHOICE {
            self.any_host = true;
            return Ok(());
        }
        let host = HostPort::parse(text).ok_or_else(|| {
            let shown: String = text.chars().take(100).collect();
            format!("it asks for the host {shown:?}, which is none: `api.example.com` would be one, `*` leaves the choice to the operator")
        })?;
        if !self.hosts.contains(&host) {
            self.hosts.push(host);
        }
        Ok(())
    }

    /// Whether it asks for HTTP at all.
    pub fn http(&self) -> bool {
        self.any_host || !self.hosts.is_empty()
    }

    /// Whether it asks for this host, by name or among those that the operator names.
    pub(super) fn covers(&self, host: &HostPort) -> bool {
        self.any_host || self.hosts.contains(host)
    }

    /// What it gets of that.
    pub fn granted(&self, origin: &Origin, grants: Option<&Grants>) -> Granted {
        let own = *origin == Origin::BuiltIn;
        let said = |flag: fn(&Grants) -> bool| grants.is_some_and(flag);
        let operators = grants.map(|grants| &*grants.http).unwrap_or_default();
        let mut hosts = if own { self.hosts.clone() } else { Vec::new() };
        for host in operators {
            if self.covers(host) && !hosts.contains(host) {
                hosts.push(host.clone());
            }
        }
        Granted {
            kv: self.kv && (own || said(|grants| grants.kv)),
            model: self.model && (own || said(|grants| grants.model)),
            hosts,
            private_network: self.http() && said(|grants| grants.private_network),
        }
    }

    /// The members of `grants` that are missing for all that it asks for; empty if it has all of it.
    pub fn missing(&self, granted: &Granted) -> Vec<String> {
        let mut missing = Vec::new();
        if self.kv && !granted.kv {
            missing.push("kv: true".to_owned());
        }
        if self.model && !granted.model {
            missing.push("model: true".to_owned());
        }
        let lacking = self.hosts.iter().filter(|host| !granted.hosts.contains(host));
        let mut hosts: Vec<String> = lacking.map(|host| format!("{:?}", host.to_string())).collect();
        if self.any_host && granted.hosts.is_empty() {
            hosts.push("\"a host of your choice\"".to_owned());
        }
        if !hosts.is_empty() {
            missing.push(format!("http: [{}]", hosts.join(", ")));
        }
        missing
    }
}

/// The line of the config that grants this to a plugin.
pub fn config_line(plugin: &str, grants: &str) -> String {
    format!("plugins: [{{name: \"{plugin}\", grants: {{{grants}}}}}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(texts: &[&str]) -> Vec<HostPort> {
        texts.iter().map(|text| HostPort::parse(text).unwrap()).collect()
    }

    fn asked(texts: &[&str]) -> Asked {
        Asked::of(&[Capability::Http(texts.iter().map(|text| (*text).to_owned()).collect())]).unwrap()
    }

    #[test]
    fn what_is_asked_for_and_granted_is_given() {
        let file = Origin::File("x.wasm".into());
        let grants = Grants {
            http: hosts(&["a.example", "b.example", "http://c.example"]),
            kv: true,
            private_network: true,
            ..Grants::default()
        };
        for (wishes, got) in [
            (&["a.example"][..], &["a.example"][..]),
            (&["a.example:8443", "c.example"], &[]),
            (&["other.example", "b.example"], &["b.example"]),
            (&["*"], &["a.example", "b.example", "http://c.example"]),
            (&[], &[]),
        ] {
            assert_eq!(asked(wishes).granted(&file, Some(&grants)).hosts, hosts(got), "{wishes:?}");
            assert_eq!(asked(wishes).granted(&file, None), Granted::default());
        }
        let granted = Asked::of(&[Capability::Model]).unwrap().granted(&file, Some(&grants));
        assert_eq!(granted, Granted::default());
        assert!(Asked::of(&[Capability::Kv]).unwrap().granted(&file, Some(&grants)).kv);
    }

    #[test]
    fn our_own_have_what_they_ask_for_by_name() {
        let own = asked(&["a.example", "*"]).granted(&Origin::BuiltIn, None);
        assert_eq!(own.hosts, hosts(&["a.example"]));
        assert!(!own.private_network);
        let grants = Grants { http: hosts(&["http://localhost:8888"]), private_network: true, ..Grants::default() };
        let more = asked(&["a.example", "*"]).granted(&Origin::BuiltIn, Some(&grants));
        assert_eq!(more.hosts, hosts(&["a.example", "http://localhost:8888"]));
        assert!(more.private_network);
        assert!(Asked { kv: true, model: true, ..Asked::default() }.granted(&Origin::BuiltIn, None).model);
    }

    #[test]
    fn what_is_missing_is_said_as_the_config_would_grant_it() {
        let asked = Asked { kv: true, model: true, ..asked(&["a.example", "b.example:1"]) };
        let file = Origin::File("x.wasm".into());
        let grants = Grants { http: hosts(&["a.example"]), model: true, ..Grants::default() };
        let missing = asked.missing(&asked.granted(&file, Some(&grants)));
        assert_eq!(
            config_line("mine", &missing.join(", ")),
            r#"plugins: [{name: "mine", grants: {kv: true, http: ["b.example:1"]}}]"#
        );
        assert!(asked.missing(&asked.granted(&Origin::BuiltIn, None)).is_empty());
    }

    #[test]
    fn a_wish_for_no_host_is_refused() {
        for bad in ["", "*.example.com", "https://a.example/path"] {
            assert!(Asked::of(&[Capability::Http(vec![bad.into()])]).is_err(), "{bad}");
        }
    }
}
