//! What the pages about one's own account say.

pub const ON: &str = "On";
pub const OFF: &str = "Off";
pub const SWITCH_ON: &str = "Switch the second step on";
pub const RECOVERY_CODES: &str = "Recovery codes";
pub const KEY: &str = "Key";
pub const KEY_HELP: &str = "For apps without a camera. Spaces make no difference.";
pub const STEP_IS_ON: &str = "The second step is on. Keep these codes where you keep passwords, not on the phone.";
pub const CODES_ARE_NEW: &str =
    "The codes before open nothing any more. Keep these where you keep passwords, not on the phone.";
pub const CODE_REFUSED: &str = "The second step is not on yet";
pub const STEP_NOT_CHANGED: &str = "The second step was not changed";
pub const CODES_NOT_MADE: &str = "No codes were made";
pub const SWITCHED_OFF: &str = "a connection that is switched off";
pub const NOT_JOINED: &str = "The account was not linked";
pub const LINK: &str = "Link your account";

/// After an account was linked to a connection of this name.
pub fn linked(connection: &str) -> String {
    format!("Account linked. You can now sign in with {connection}.")
}

pub const PASSWORD_NOT_CHANGED: &str = "The password was not changed";

/// What a browser calls itself, as people call it: "Firefox on Windows".
pub fn browser(agent: Option<&str>) -> String {
    let Some(agent) = agent else { return "Unknown browser".to_owned() };
    let first =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    // Each says that it is most of those behind it, too.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_called_what_people_call_them() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 \
                    Safari/537.36 Edg/156.0.0.0";
        let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.4 Safari/605.1.15";
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
        for (agent, name) in [(edge, "Edge on Windows"), (safari, "Safari on macOS"), (firefox, "Firefox on Linux")] {
            assert_eq!(browser(Some(agent)), name);
        }
        assert_eq!(browser(Some("curl/8.0")), "curl/8.0");
        assert_eq!(browser(None), "Unknown browser");
    }
}
