//! Where tenants are reached (product.md, "Addresses").

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use actix_web::http::uri::Authority;
use domain::connection::service::ServiceAddresses;
use domain::tenant::TenantSlug;

/// The path below which the SCIM face of a tenant lies.
const SCIM: &str = "/scim/v2";

/// The path, below the sign-in, before the text of a link.
pub const LINK: &str = "/link/";

/// The addresses of an installation. They come from its settings, never from a request's Host header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Scheme, host and port without a slash at the end.
    public_url: String,
    /// Each tenant has its own host below this domain.
    base_domain: Option<String>,
}

impl Addresses {
    /// `public_url` is an http or https URL; a slash at its end is dropped.
    pub fn new(public_url: &str, base_domain: Option<&str>) -> Self {
        Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            base_domain: base_domain.map(str::to_ascii_lowercase),
        }
    }

    /// The Base (Tenant) URL an admin pastes into an identity provider.
    pub fn scim_base_url(&self, tenant: &TenantSlug) -> String {
        self.tenant_url(tenant) + SCIM
    }

    /// What all addresses of a tenant begin with.
    fn tenant_url(&self, tenant: &TenantSlug) -> String {
        match &self.base_domain {
            None => format!("{}/t/{tenant}", self.public_url),
            Some(domain) => format!("{}://{tenant}.{domain}{}", self.scheme(), self.port()),
        }
    }

    /// Where the tenant's admins sign in.
    pub fn sign_in_url(&self, tenant: &TenantSlug) -> String {
        self.tenant_url(tenant) + "/sign-in"
    }

    /// Where the tenant's settings are.
    pub fn settings_url(&self, tenant: &TenantSlug) -> String {
        self.tenant_url(tenant) + "/settings"
    }

    /// The address of a link with this text. It opens something.
    pub fn link_url(&self, tenant: &TenantSlug, text: &str) -> String {
        self.sign_in_url(tenant) + LINK + text
    }

    /// What the addresses of a tenant's own host begin with, for a request that came by the other form of address; none for one
    /// that is right here. What other sites send back comes to the host, and only there a browser has the cookies for it.
    pub fn elsewhere(&self, request: &HttpRequest, tenant: &TenantSlug) -> Option<String> {
        let by_path = request.match_info().get("tenant").is_some();
        (by_path && self.has_hosts()).then(|| self.tenant_url(tenant))
    }

    /// Where a sign-in by a connection begins.
    pub fn begin_url(&self, tenant: &TenantSlug, connection: &str) -> String {
        format!("{}/sso/begin/{connection}", self.tenant_url(tenant))
    }

    /// Whether this host, as a request names it, is a tenant's own.
    pub fn is_tenants_host(&self, host: &str) -> bool {
        self.label(host).is_some()
    }

    /// Who we are to the tenant's identity providers.
    pub fn service(&self, tenant: &TenantSlug) -> ServiceAddresses {
        let sso = self.tenant_url(tenant) + "/sso";
        ServiceAddresses {
            entity_id: format!("{sso}/saml/metadata"),
            acs: format!("{sso}/saml/acs"),
            slo: format!("{sso}/saml/slo"),
            redirect_uri: format!("{sso}/oidc/callback"),
            signed_out: format!("{sso}/signed-out"),
        }
    }

    /// Whether pages are read over TLS, by which cookies go.
    pub fn is_https(&self) -> bool {
        self.scheme().eq_ignore_ascii_case("https")
    }

    /// Where the tenant's OAuth clients get their access tokens.
    pub fn token_url(&self, tenant: &TenantSlug) -> String {
        self.tenant_url(tenant) + "/oauth/token"
    }

    /// Whether browsers reach the installation over TLS.
    pub fn is_secure(&self) -> bool {
        self.scheme().eq_ignore_ascii_case("https")
    }

    /// The path of the public URL, which every address of a page begins with; empty for most.
    pub fn prefix(&self) -> &str {
        let rest = self.public_url.split("://").nth(1).unwrap_or_default();
        rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or_default()
    }

    /// Whether pages of the installation come from this origin (RFC 6454): `https://host:port`.
    pub fn is_origin(&self, origin: &str) -> bool {
        let public = self.public_url.strip_suffix(self.prefix()).unwrap_or(&self.public_url);
        origin.eq_ignore_ascii_case(public) || self.is_host_of_a_tenant(origin)
    }

    fn is_host_of_a_tenant(&self, origin: &str) -> bool {
        let host = origin.strip_prefix(self.scheme()).and_then(|rest| rest.strip_prefix("://"));
        host.and_then(|host| self.label(host.strip_suffix(self.port())?)).is_some()
    }

    fn scheme(&self) -> &str {
        self.public_url.split("://").next().unwrap_or("https")
    }

    /// `:8443`, or nothing for the scheme's own port.
    fn port(&self) -> &str {
        let authority = self.public_url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let colon =
            authority.rfind(':').filter(|colon| !authority.get(*colon..).is_some_and(|tail| tail.contains(']')));
        colon.and_then(|colon| authority.get(colon..)).unwrap_or_default()
    }

    /// Whether tenants have hosts of their own.
    pub fn has_hosts(&self) -> bool {
        self.base_domain.is_some()
    }

    /// The tenant a request is about: the `{tenant}` of its path, or the first label of its host.
    pub fn tenant_of(&self, request: &HttpRequest) -> Option<TenantSlug> {
        let slug = match request.match_info().get("tenant") {
            Some(segment) => segment.to_owned(),
            None => self.label(host(request)?)?,
        };
        slug.parse().ok()
    }

    fn label(&self, host: &str) -> Option<String> {
        let host = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
        let label = host.strip_suffix(self.base_domain.as_deref()?)?.strip_suffix('.')?;
        Some(label.to_owned())
    }
}

/// The host the client says it speaks to. What others say it spoke to (`Forwarded`, `X-Forwarded-Host`) is not believed
/// (decisions.md 17).
fn host(request: &HttpRequest) -> Option<&str> {
    // HTTP/2 has it in the address, HTTP/1.1 in a header.
    let authority = request.uri().authority().map(Authority::as_str);
    authority.or_else(|| request.headers().get(HOST)?.to_str().ok())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn acme() -> TenantSlug {
        "acme".parse().unwrap()
    }

    #[test]
    fn both_forms_are_shown_as_the_settings_say() {
        let paths = Addresses::new("https://rollcall.example/", None);
        assert_eq!(paths.scim_base_url(&acme()), "https://rollcall.example/t/acme/scim/v2");
        let hosts = Addresses::new("https://rollcall.example:8443", Some("Example.com"));
        assert_eq!(paths.token_url(&acme()), "https://rollcall.example/t/acme/oauth/token");
        assert_eq!(hosts.token_url(&acme()), "https://acme.example.com:8443/oauth/token");
        assert_eq!(hosts.scim_base_url(&acme()), "https://acme.example.com:8443/scim/v2");
        assert_eq!(paths.sign_in_url(&acme()), "https://rollcall.example/t/acme/sign-in");
        assert_eq!(hosts.settings_url(&acme()), "https://acme.example.com:8443/settings");
        assert_eq!(hosts.link_url(&acme(), "link_x"), "https://acme.example.com:8443/sign-in/link/link_x");
        assert_eq!(Addresses::new("http://[::1]", Some("a.b")).scim_base_url(&acme()), "http://acme.a.b/scim/v2");
    }

    #[test]
    fn the_host_names_the_tenant_only_below_the_base_domain() {
        let hosts = Addresses::new("https://rollcall.example", Some("example.com"));
        let tenant =
            |host: &str| hosts.tenant_of(&TestRequest::default().insert_header(("host", host)).to_http_request());
        assert_eq!(tenant("ACME.example.com:8443"), Some(acme()));
        for other in ["example.com", "acme.example.org", "a.acme.example.com", "acmeexample.com", "www.example.com"] {
            assert_eq!(tenant(other), None, "{other}");
        }
    }

    #[test]
    fn whoever_comes_by_a_path_belongs_to_the_host_where_there_is_one() {
        let (paths, hosts) = (Addresses::new("https://a.test", None), Addresses::new("https://a.test", Some("a.test")));
        let by_path = TestRequest::default().param("tenant", "acme").to_http_request();
        let by_host = TestRequest::default().insert_header(("host", "acme.a.test")).to_http_request();
        assert_eq!(hosts.elsewhere(&by_path, &acme()).as_deref(), Some("https://acme.a.test"));
        assert_eq!((hosts.elsewhere(&by_host, &acme()), paths.elsewhere(&by_path, &acme())), (None, None));
    }

    #[test]
    fn pages_come_from_the_public_url_and_from_hosts_of_tenants() {
        let plain = Addresses::new("http://127.0.0.1:8080", None);
        assert!(!plain.is_secure() && plain.prefix().is_empty());
        assert!(plain.is_origin("http://127.0.0.1:8080") && !plain.is_origin("http://127.0.0.1:8081"));
        let hosts = Addresses::new("https://rollcall.example:8443/people", Some("example.com"));
        assert_eq!((hosts.is_secure(), hosts.prefix()), (true, "/people"));
        for ours in ["https://rollcall.example:8443", "https://acme.example.com:8443"] {
            assert!(hosts.is_origin(ours), "{ours}");
        }
        for other in
            ["https://rollcall.example", "http://acme.example.com:8443", "https://example.com.evil:8443", "null"]
        {
            assert!(!hosts.is_origin(other), "{other}");
        }
    }

    #[test]
    fn what_a_request_says_of_where_it_was_forwarded_from_is_not_believed() {
        let hosts = Addresses::new("https://rollcall.example", Some("example.com"));
        for (name, value) in [("x-forwarded-host", "evil.example.com"), ("forwarded", "host=evil.example.com")] {
            let request =
                TestRequest::default().insert_header(("host", "acme.example.com")).insert_header((name, value));
            assert_eq!(hosts.tenant_of(&request.to_http_request()), Some(acme()), "{name}");
        }
    }
}
