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
    get("/sign-in/forgot", "*"),
    post("/sign-in/forgot", "*"),
    get("/sign-in/link/{text}", "*"),
    post("/sign-in/link/{text}", "*"),
    post("/sign-out", "OAUL2"),
    get("/settings", "OAUL"),
    get("/settings/user-authentication", "OAUL"),
    get("/settings/user-authentication/status", "OAUL"),
    get("/settings/user-authentication/guide", "OAUL"),
    post("/settings/user-authentication/guide", "OAL"),
    get("/settings/user-authentication/guide/steps", "OAUL"),
    get("/settings/user-authentication/provisioning", "OAUL"),
    post("/settings/user-authentication/provisioning", "OAL"),
    get("/settings/user-authentication/provisioning/status", "OAUL"),
    get("/settings/user-authentication/provisioning/banner", "OAUL"),
    get("/settings/user-authentication/provisioning/cycles", "OAUL"),
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
    get("/settings/user-authentication/roles", "OAUL"),
    post("/settings/user-authentication/roles", "OAL"),
    get("/settings/user-authentication/directory", "OAUL"),
    get("/settings/user-authentication/directory/people.{format}", "OAUL"),
    get("/settings/user-authentication/directory/people/{id}", "OAUL"),
    get("/settings/user-authentication/directory/groups", "OAUL"),
    get("/settings/user-authentication/directory/groups.{format}", "OAUL"),
    get("/settings/user-authentication/directory/groups/{id}", "OAUL"),
    get("/settings/user-authentication/activity", "OAUL"),
    get("/settings/user-authentication/activity.{format}", "OAUL"),
    get("/settings/user-authentication/activity/{id}", "OAUL"),
    get("/settings/user-authentication/audit", "OAU"),
    get("/settings/user-authentication/audit.{format}", "OAU"),
    get("/settings/admins", "OAU"),
    post("/settings/admins", "OA"),
    post("/settings/admins/links/{id}/revoke", "OA"),
    get("/settings/admins/{id}", "OAU"),
    post("/settings/admins/{id}/role", "OA"),
    post("/settings/admins/{id}/link", "OA"),
    post("/settings/admins/{id}/second-step-off", "OA"),
    get("/settings/admins/{id}/remove", "OA"),
    post("/settings/admins/{id}/remove", "OA"),
    get("/settings/account", "OAU"),
    post("/settings/account/password", "OAU"),
    post("/settings/account/second-step", "OAU"),
    post("/settings/account/second-step/confirm", "OAU"),
    post("/settings/account/second-step/off", "OAU"),
    post("/settings/account/recovery-codes", "OAU"),
    post("/settings/account/sessions/end-others", "OAU"),
    post("/settings/account/sessions/{id}/end", "OAU"),
];
