//! The pages and who may open them or send their forms: `O`wners, `A`dmins, a`U`ditors, whoever came by a setup `L`ink, and
//! those who owe the `2`nd step; `*` stands for everybody.

/// A route and who gets in.
pub struct Page {
    pub method: &'static str,
    pub path: &'static str,
    pub who: &'static str,
}

const fn get(path: &'static str, who: &'static str) -> Page {
    Page { method: "GET", path, who }
}

const fn post(path: &'static str, who: &'static str) -> Page {
    Page { method: "POST", path, who }
}

pub const PAGES: &[Page] = &[
    get("/sign-in", "*"),
    post("/sign-in", "*"),
    get("/sign-in/second-step", "OAUL2"),
    post("/sign-in/second-step", "OAUL2"),
    post("/sign-out", "OAUL2"),
    get("/settings", "OAUL"),
    get("/settings/user-authentication", "OAUL"),
    get("/settings/user-authentication/card", "OAUL"),
    get("/settings/user-authentication/guide", "OAUL"),
    post("/settings/user-authentication/guide", "OAL"),
    get("/settings/user-authentication/guide/steps", "OAUL"),
    get("/settings/user-authentication/provisioning", "OAUL"),
    post("/settings/user-authentication/provisioning", "OAL"),
    get("/settings/user-authentication/provisioning/status", "OAUL"),
    get("/settings/user-authentication/provisioning/banner", "OAUL"),
    get("/settings/user-authentication/provisioning/credentials", "OAUL"),
    get("/settings/user-authentication/provisioning/off", "OAL"),
    post("/settings/user-authentication/provisioning/off", "OAL"),
    post("/settings/user-authentication/provisioning/pause", "OAL"),
    post("/settings/user-authentication/provisioning/resume", "OAL"),
    get("/settings/user-authentication/provisioning/tokens/new", "OAL"),
    post("/settings/user-authentication/provisioning/tokens", "OAL"),
    get("/settings/user-authentication/provisioning/clients/new", "OAL"),
    post("/settings/user-authentication/provisioning/clients", "OAL"),
    get("/settings/user-authentication/provisioning/credentials/{id}/revoke", "OAL"),
    post("/settings/user-authentication/provisioning/credentials/{id}/revoke", "OAL"),
    get("/settings/user-authentication/provisioning/credentials/{id}/secrets/new", "OAL"),
    post("/settings/user-authentication/provisioning/credentials/{id}/secrets", "OAL"),
    get("/settings/user-authentication/provisioning/credentials/{id}/secrets/{secret}/revoke", "OAL"),
    post("/settings/user-authentication/provisioning/credentials/{id}/secrets/{secret}/revoke", "OAL"),
    get("/settings/user-authentication/directory", "OAUL"),
    get("/settings/user-authentication/directory/people.{format}", "OAUL"),
    get("/settings/user-authentication/directory/people/{id}", "OAUL"),
    get("/settings/user-authentication/directory/groups", "OAUL"),
    get("/settings/user-authentication/directory/groups.{format}", "OAUL"),
    get("/settings/user-authentication/directory/groups/{id}", "OAUL"),
    get("/settings/user-authentication/activity", "OAUL"),
    get("/settings/user-authentication/activity.{format}", "OAUL"),
    get("/settings/user-authentication/activity/{id}", "OAUL"),
    get("/settings/user-authentication/audit", "OAUL"),
    get("/settings/user-authentication/audit.{format}", "OAUL"),
];
