//! Who may do what: the one table of roles and permissions. Whatever an administrator can ask of the API, or open in the panel, names one
//! permission of it.

use std::{fmt, str::FromStr};

/// What somebody is there for, of those who run the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Whose it is: everything, and who else may what.
    Owner,
    /// Runs it.
    Admin,
    /// Looks at numbers.
    Analyst,
    /// Helps people.
    Support,
}

/// Something that may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Analytics, statistics, revenue.
    Numbers,
    /// Find a person; see their level, plan and payments.
    People,
    /// See what a person and the companion said, and facts.
    Content,
    /// Give and end premium, ban, forget.
    ManagePeople,
    /// Give money back.
    Refund,
    /// Write to many.
    Broadcast,
    /// See jobs, queues, failures, slow queries, the cache.
    Operations,
    /// Replay, clean up, say which other systems are told what happens.
    ManageOperations,
    /// Flags, prompts, personas.
    Configure,
    /// See the log of what administrators do.
    Audit,
    /// Accounts, keys and sessions of others.
    Access,
}

use Permission::{
    Access, Audit, Broadcast, Configure, Content, ManageOperations, ManagePeople, Numbers, Operations, People, Refund,
};
use Role::{Admin, Analyst, Owner, Support};

/// The table. A test compares it with `docs/architecture.md`.
const TABLE: [(Permission, &[Role]); 11] = [
    (Numbers, &[Owner, Admin, Analyst]),
    (People, &[Owner, Admin, Support]),
    (Content, &[Owner, Admin, Support]),
    (ManagePeople, &[Owner, Admin, Support]),
    (Refund, &[Owner, Admin, Support]),
    (Broadcast, &[Owner, Admin]),
    (Operations, &[Owner, Admin, Analyst, Support]),
    (ManageOperations, &[Owner, Admin]),
    (Configure, &[Owner, Admin]),
    (Audit, &[Owner, Admin]),
    (Access, &[Owner]),
];

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Owner, Admin, Analyst, Support];

    /// Its name in the database, the API and the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Owner => "owner",
            Admin => "admin",
            Analyst => "analyst",
            Support => "support",
        }
    }

    /// What it may do.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        TABLE.iter().filter(|(_, roles)| roles.contains(&self)).map(|(permission, _)| *permission).collect()
    }

    /// Whether so much is in its hands that a password alone is too little.
    #[must_use]
    pub const fn needs_second_factor(self) -> bool {
        matches!(self, Owner | Admin)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == name);
        known.ok_or_else(|| format!("{name:?} is not a role; use owner, admin, analyst or support"))
    }
}

impl Permission {
    /// Every permission, in the order of the table.
    pub const ALL: [Self; 11] = [
        Numbers,
        People,
        Content,
        ManagePeople,
        Refund,
        Broadcast,
        Operations,
        ManageOperations,
        Configure,
        Audit,
        Access,
    ];

    /// Its name in the database and the API: as a scope of a key, too.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Numbers => "numbers",
            People => "people",
            Content => "content",
            ManagePeople => "manage_people",
            Refund => "refund",
            Broadcast => "broadcast",
            Operations => "operations",
            ManageOperations => "manage_operations",
            Configure => "configure",
            Audit => "audit",
            Access => "access",
        }
    }

    /// Whether a key of an integration may have it. Not [`Permission::Access`]: a key that leaks must not make other keys, or owners.
    #[must_use]
    pub const fn is_scope(self) -> bool {
        !matches!(self, Access)
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|permission| permission.as_str() == name);
        known.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|permission| permission.as_str()).collect();
            format!("{name:?} is not a permission; use {}", names.join(", "))
        })
    }
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u16);

impl Permissions {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Everything: what our own bot and whoever holds its key may do.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.into_iter().collect()
    }

    /// Whether this is allowed.
    #[must_use]
    pub const fn allow(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether there is nothing that is allowed.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is allowed, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.allow(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

/// Longest name of an account, in bytes.
pub const MAX_NAME: usize = 64;

/// The name of an account as it is kept, of what somebody typed; nothing where it is none. Names are told apart by no case, nor by
/// letters of other scripts that look the same: small Latin letters, digits and `.`, `-`, `_`, `@`, `+`, at most 64.
#[must_use]
pub fn account_name(typed: &str) -> Option<String> {
    let name = typed.trim().to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_@+".contains(&byte);
    let is_name = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_plain);
    (is_name && name.starts_with(|first: char| first.is_ascii_alphanumeric())).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The table of the document: what each permission is given to.
    fn documented() -> BTreeMap<String, Vec<Role>> {
        let text = include_str!("../../../docs/architecture.md");
        let head = "| permission | owner | admin | analyst | support | what |";
        let rows = text.lines().skip_while(|line| *line != head).skip(2).take_while(|line| line.starts_with('|'));
        rows.map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let given = Role::ALL.into_iter().zip(&cells[1..]).filter(|(_, cell)| **cell == "x");
            (cells[0].trim_matches('`').to_owned(), given.map(|(role, _)| role).collect())
        })
        .collect()
    }

    #[test]
    fn the_table_is_the_one_of_the_document() {
        let coded = Permission::ALL.into_iter().map(|permission| {
            let roles = Role::ALL.into_iter().filter(|role| role.permissions().allow(permission)).collect();
            (permission.to_string(), roles)
        });
        assert_eq!(coded.collect::<BTreeMap<_, _>>(), documented());
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        for permission in Permission::ALL {
            assert_eq!(permission.to_string().parse(), Ok(permission));
            assert!(Permissions::all().allow(permission) && !Permissions::NONE.allow(permission));
        }
        assert!("Owner".parse::<Role>().is_err() && "everything".parse::<Permission>().is_err());
    }

    #[test]
    fn a_set_holds_what_was_put_into_it() {
        let set: Permissions = [Refund, Numbers].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Numbers, Refund]);
        assert_eq!(Owner.permissions(), Permissions::all());
        assert!(!Access.is_scope() && Numbers.is_scope());
    }

    #[test]
    fn names_of_accounts_are_plain() {
        assert_eq!(account_name(" Anna.K@Example.org "), Some("anna.k@example.org".to_owned()));
        for bad in ["", " ", "анна", "a b", "-a", "@a", "a\0", "a/b", &"a".repeat(65)] {
            assert_eq!(account_name(bad), None, "{bad:?}");
        }
    }
}
