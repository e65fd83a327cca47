//! What surrounds a page of somebody who signed in: the vendor's header, navigation, crumbs and tabs.

use domain::admin::{Right, SessionHolder};

use crate::assets::Assets;
use crate::branding::Branding;
use crate::call::AdminCall;
use crate::parts::Notice;
use crate::text;

/// The tabs of *Configure SSO & User provisioning*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Overview,
    SingleSignOn,
    Provisioning,
    Domains,
    Roles,
    Directory,
    Activity,
    Audit,
}

impl Tab {
    const ALL: [Self; 8] = [
        Self::Overview,
        Self::SingleSignOn,
        Self::Provisioning,
        Self::Domains,
        Self::Roles,
        Self::Directory,
        Self::Activity,
        Self::Audit,
    ];

    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/settings/user-authentication",
            Self::SingleSignOn => "/settings/user-authentication/sso",
            Self::Provisioning => "/settings/user-authentication/provisioning",
            Self::Roles => "/settings/user-authentication/roles",
            Self::Domains => "/settings/user-authentication/domains",
            Self::Directory => "/settings/user-authentication/directory",
            Self::Activity => "/settings/user-authentication/activity",
            Self::Audit => "/settings/user-authentication/audit",
        }
    }

    /// What it takes to open it. The audit tells about the tenant's admins.
    pub const fn right(self) -> Right {
        match self {
            Self::Audit => Right::SeePeople,
            Self::Overview
            | Self::SingleSignOn
            | Self::Provisioning
            | Self::Domains
            | Self::Roles
            | Self::Directory
            | Self::Activity => Right::See,
        }
    }
}

/// Where a page stands in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    Tab(Tab),
    Admins,
    Account,
}

/// A link with its word.
#[derive(Clone, Debug)]
pub struct Link {
    pub href: String,
    pub word: String,
    pub is_current: bool,
}

/// A step of the way to a page; the last one is the page itself.
#[derive(Clone, Debug)]
pub struct Crumb {
    pub href: Option<String>,
    pub word: String,
}

/// A part of the navigation.
#[derive(Clone, Debug)]
pub struct Section {
    pub title: &'static str,
    pub links: Vec<Link>,
}

/// What the layout shows.
#[derive(Clone, Debug)]
pub struct Frame {
    pub title: String,
    pub tenant: String,
    pub vendor: Branding,
    pub assets: Assets,
    /// What every link begins with.
    pub base: String,
    pub csrf: String,
    pub me: String,
    pub initials: String,
    pub sections: Vec<Section>,
    pub tabs: Vec<Link>,
    pub crumbs: Vec<Crumb>,
    pub notice: Option<Notice>,
}

impl Frame {
    /// The frame of a page called `title`. `below`: what stands between the spot and the page, as (path, word).
    pub fn new(call: &AdminCall, spot: Spot, title: impl Into<String>, below: &[(&str, &str)]) -> Self {
        let title = title.into();
        let me = call.caller.shown_name().to_owned();
        let (spot_path, spot_word) = place(spot);
        let mut trail = vec![(text::SETTINGS, Some(Tab::Overview.path()))];
        if let Spot::Tab(tab) = spot {
            trail.push((text::USER_AUTHENTICATION, Some(Tab::Overview.path())));
            if tab != Tab::Overview && title != spot_word {
                trail.push((spot_word, Some(spot_path)));
            }
        }
        trail.extend(below.iter().map(|(path, word)| (*word, Some(*path))));
        let mut crumbs: Vec<Crumb> = trail
            .into_iter()
            .filter(|(word, _)| *word != title)
            .map(|(word, path)| Crumb { href: path.map(|path| call.href(path)), word: word.to_owned() })
            .collect();
        crumbs.push(Crumb { href: None, word: title.clone() });
        let tabs = match spot {
            Spot::Tab(current) => {
                let may = |tab: &Tab| call.may(tab.right());
                let link = |tab: Tab| link(call, tab.path(), text::tab(tab), tab == current);
                Tab::ALL.into_iter().filter(may).map(link).collect()
            }
            _ => Vec::new(),
        };
        Self {
            title,
            tenant: call.tenant().name.clone(),
            vendor: call.admin.branding.clone(),
            assets: Assets::of(&call.admin.branding, call.admin.addresses.prefix()),
            base: call.href(""),
            csrf: call.caller.csrf.clone(),
            initials: initials(&me),
            me,
            sections: sections(call, spot),
            tabs,
            crumbs,
            notice: call.query.given("done").and_then(text::notice),
        }
    }
}

fn place(spot: Spot) -> (&'static str, &'static str) {
    match spot {
        Spot::Tab(tab) => (tab.path(), text::tab(tab)),
        Spot::Admins => ("/settings/admins", text::ADMINS),
        Spot::Account => ("/settings/account", text::ACCOUNT),
    }
}

fn sections(call: &AdminCall, spot: Spot) -> Vec<Section> {
    let is_tab = matches!(spot, Spot::Tab(_));
    let mut security = vec![link(call, Tab::Overview.path(), text::USER_AUTHENTICATION, is_tab)];
    // Whoever came by a setup link is nobody's admin, and has no account.
    let has_account = matches!(call.caller.holder, SessionHolder::Admin(_));
    if has_account {
        security.push(link(call, "/settings/admins", text::ADMINS, spot == Spot::Admins));
    }
    let mut sections = vec![Section { title: text::SECURITY, links: security }];
    if has_account {
        let account = link(call, "/settings/account", text::ACCOUNT, spot == Spot::Account);
        sections.push(Section { title: text::YOU, links: vec![account] });
    }
    sections
}

fn link(call: &AdminCall, path: &str, word: &str, is_current: bool) -> Link {
    Link { href: call.href(path), word: word.to_owned(), is_current }
}

/// The first letters of the first and the last part of a name.
pub fn initials(name: &str) -> String {
    let parts: Vec<&str> = name.split(|each: char| !each.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let mut letters: Vec<char> = Vec::new();
    letters.extend(parts.first().and_then(|part| part.chars().next()));
    letters.extend(parts.get(1..).and_then(<[_]>::last).and_then(|part| part.chars().next()));
    letters.into_iter().flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_those_of_the_first_and_the_last_name() {
        for (name, expected) in [
            ("Ana Kovač", "AK"),
            ("Maximiliane Freifrau von Hohenstein-Württemberg", "MW"),
            ("ana", "A"),
            ("", ""),
            ("王", "王"),
        ] {
            assert_eq!(initials(name), expected, "{name}");
        }
    }
}
