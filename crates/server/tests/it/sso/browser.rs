//! A browser without a window: it keeps cookies as browsers do, goes where it is led, and sends the forms that send
//! themselves. Our hosts are all at one server; identity providers are other sites.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use url::{Url, form_urlencoded};

use crate::reader::Page;
use crate::served::{BASE_DOMAIN, Served};

/// More steps than any way has.
const FAR: usize = 20;

/// Where a browser goes next.
#[derive(Clone, Debug)]
pub struct Step {
    pub url: Url,
    /// What it posts; none when it only asks.
    pub form: Option<Vec<(String, String)>>,
    /// The file that the form brings.
    file: Option<Vec<u8>>,
    /// The page that leads there.
    from: Option<Url>,
}

impl Step {
    /// Somebody enters an address.
    pub fn to(url: &str) -> Self {
        Self { url: url.parse().unwrap(), form: None, file: None, from: None }
    }

    /// The value of a field that is posted.
    pub fn field(&self, name: &str) -> &str {
        let fields = self.form.as_ref().unwrap();
        fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The same with another value of a field.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let fields = self.form.as_mut().unwrap();
        fields.retain(|(known, _)| known != name);
        fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with another value in its query, or without one.
    pub fn asking(mut self, name: &str, value: Option<&str>) -> Self {
        let kept = self.url.query_pairs().filter(|(known, _)| known != name);
        let kept: Vec<(String, String)> = kept.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        self.url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(value.map(|value| (name, value)));
        self
    }

    /// The same to another host.
    pub fn at_host(mut self, host: &str) -> Self {
        self.url.set_host(Some(host)).unwrap();
        self
    }

    /// The same, led by another page.
    pub fn from(mut self, page: &str) -> Self {
        self.from = Some(page.parse().unwrap());
        self
    }

    /// The same with a file.
    pub fn carrying(mut self, file: &[u8]) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// The form as browsers send it when it has a file, and the type that says so.
    fn multipart(&self, file: &[u8]) -> (String, Vec<u8>) {
        const BOUNDARY: &str = "what-stands-in-no-file";
        let mut body = Vec::new();
        for (name, value) in self.form.iter().flatten() {
            let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
        }
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"metadata.xml\"\r\n\
             content-type: text/xml\r\n\r\n"
        );
        body.extend([head.as_bytes(), file, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat());
        (format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }

    fn is_from_elsewhere(&self) -> bool {
        self.from.as_ref().is_some_and(|from| from.host_str() != self.url.host_str())
    }
}

/// Where a browser is, and what it shows.
#[derive(Debug)]
pub struct Shown {
    pub url: Url,
    pub page: Page,
}

impl Shown {
    #[track_caller]
    pub fn expect(&self, status: u16, text: &str) {
        assert_eq!(self.page.status, status, "{}: {}", self.url, self.page.body);
        assert!(self.page.body.contains(text), "{} does not say \"{text}\": {}", self.url, self.page.body);
    }

    /// The link that stands out.
    pub fn primary_link(&self) -> Step {
        let href = plain(between(&self.page.body, "<a class=\"btn primary\" href=\"").next().unwrap());
        Step { from: Some(self.url.clone()), ..Step::to(self.url.join(&href).unwrap().as_str()) }
    }

    /// Where it leads by itself: by a redirect, after a moment, or by a form that sends itself.
    fn next(&self, who: Option<&str>) -> Option<Step> {
        let body = &self.page.body;
        let from = Some(self.url.clone());
        let step = |to: &str, form| Some(Step { url: self.url.join(to).unwrap(), form, file: None, from });
        if let Some(location) = self.page.headers.get(LOCATION) {
            return step(location.to_str().unwrap(), None);
        }
        if let Some(refresh) = self.page.headers.get("refresh") {
            return step(refresh.to_str().unwrap().split_once("url=").unwrap().1, None);
        }
        let asks_who = body.contains("name=\"person\"");
        let sends_itself = body.contains("document.forms[0].submit()") || body.contains("op.logoutForm");
        let more = match who {
            Some(who) if asks_who => vec![("person".to_owned(), who.to_owned())],
            _ if body.contains("op.logoutForm") => vec![("logout".to_owned(), "yes".to_owned())],
            _ if sends_itself => Vec::new(),
            _ => return None,
        };
        let action = plain(between(body, "action=\"").next().unwrap());
        step(&action, Some(hidden(body).into_iter().chain(more).collect()))
    }
}

/// What stands between quotes after this.
fn between<'b>(body: &'b str, before: &'b str) -> impl Iterator<Item = &'b str> {
    body.split(before).skip(1).map(|rest| rest.split('"').next().unwrap())
}

/// The hidden fields of a page.
fn hidden(body: &str) -> Vec<(String, String)> {
    let inputs = body.split("<input type=\"hidden\" ").skip(1);
    let field = |input: &str| {
        let attribute = |name: &'static str| plain(between(input, name).next().unwrap_or_default());
        (attribute("name=\""), attribute("value=\""))
    };
    inputs.map(field).collect()
}

fn plain(text: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

pub struct Browser {
    http: Client,
    server: SocketAddr,
    /// By host and name.
    cookies: BTreeMap<(String, String), String>,
    /// Of the page of ours that came last and had a form.
    csrf: String,
    /// Every address that it went to.
    pub trail: Vec<Url>,
}

impl Browser {
    /// Somebody's, who has been nowhere yet.
    pub fn new(served: &Served) -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none()).timeout(Duration::from_secs(30));
        Self {
            http: http.build().unwrap(),
            server: served.address,
            cookies: BTreeMap::new(),
            csrf: String::new(),
            trail: Vec::new(),
        }
    }

    /// The same with all its cookies, as a balancer leads it to another server.
    pub fn at(&self, served: &Served) -> Self {
        Self { server: served.address, cookies: self.cookies.clone(), ..Self::new(served) }
    }

    /// Asks for an address and goes where that leads.
    pub async fn open(&mut self, url: &str) -> Shown {
        self.go(Step::to(url)).await
    }

    /// The same, where the identity provider asks who somebody is.
    pub async fn sign_in(&mut self, url: &str, who: &str) -> Shown {
        self.sign_in_by(Step::to(url), who).await
    }

    /// The same by a step of another kind.
    pub async fn sign_in_by(&mut self, step: Step, who: &str) -> Shown {
        self.walk(step, Some(who), false).await.unwrap()
    }

    /// The same up to the answer that the identity provider has it bring to us.
    pub async fn answer(&mut self, url: &str, who: &str) -> Step {
        self.answer_to(Step::to(url), who).await
    }

    /// The same by a step of another kind.
    pub async fn answer_to(&mut self, step: Step, who: &str) -> Step {
        match self.walk(step, Some(who), true).await {
            Err(step) => step,
            Ok(shown) => panic!("no answer: {shown:?}"),
        }
    }

    /// Takes a step and goes where it leads.
    pub async fn go(&mut self, step: Step) -> Shown {
        self.walk(step, None, false).await.unwrap()
    }

    /// Sends a form of the page of ours that was shown last, and goes where that leads.
    pub async fn send(&mut self, url: &str, fields: &[(&str, &str)]) -> Shown {
        let step = self.form(url, fields);
        self.go(step).await
    }

    /// Sends a form of the page of ours that was shown last together with a file, and goes where that leads.
    pub async fn upload(&mut self, url: &str, fields: &[(&str, &str)], file: &[u8]) -> Shown {
        let step = self.form(url, fields);
        self.go(step.carrying(file)).await
    }

    /// A form of the page of ours that was shown last.
    pub fn form(&self, url: &str, fields: &[(&str, &str)]) -> Step {
        let mut form = vec![("csrf".to_owned(), self.csrf.clone())];
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let url: Url = url.parse().unwrap();
        Step { from: Some(url.clone()), url, form: Some(form), file: None }
    }

    /// Takes a single step.
    pub async fn look(&mut self, url: &str) -> Shown {
        self.take(&Step::to(url)).await
    }

    /// Follows where it is led, up to a page. With `stops` up to a step that leads from another site to ours, which is the error.
    async fn walk(&mut self, mut step: Step, who: Option<&str>, stops: bool) -> Result<Shown, Step> {
        for _ in 0..FAR {
            let shown = self.take(&step).await;
            match shown.next(who) {
                Some(next) if stops && next.is_from_elsewhere() && is_ours(&next.url) => return Err(next),
                // The vendor's app is nowhere here.
                Some(next) if is_ours(&next.url) || next.url.host_str() == Some("127.0.0.1") => step = next,
                _ => return Ok(shown),
            }
        }
        panic!("led in a circle: {:?}", self.trail);
    }

    pub async fn take(&mut self, step: &Step) -> Shown {
        let request = self.request(step);
        let answer = request.send().await.unwrap_or_else(|error| panic!("{}: {error:?}", step.url));
        self.trail.push(step.url.clone());
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let page = Page { status, headers, body: answer.text().await.unwrap() };
        self.keep(&step.url, &page);
        if let Some(csrf) = page.carried("csrf").filter(|_| is_ours(&step.url)) {
            csrf.clone_into(&mut self.csrf);
        }
        Shown { url: step.url.clone(), page }
    }

    fn request(&self, step: &Step) -> reqwest::RequestBuilder {
        let method = if step.form.is_some() { Method::POST } else { Method::GET };
        let address = match is_ours(&step.url) {
            true => format!("http://{}{}", self.server, &step.url[url::Position::BeforePath..]),
            false => step.url.to_string(),
        };
        let mut request = self.http.request(method, address).header(HOST, host(&step.url));
        request = request.header("sec-fetch-site", site(step.from.as_ref(), &step.url));
        // `SameSite=Lax`, which is also what is taken where nothing is said.
        if step.form.is_none() || !step.is_from_elsewhere() {
            request = request.header(COOKIE, self.cookies_for(&host(&step.url)));
        }
        let Some(fields) = &step.form else { return request };
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let origin = step.from.as_ref().map_or("null".to_owned(), |from| from.origin().ascii_serialization());
        let (kind, body) = match &step.file {
            Some(file) => step.multipart(file),
            None => ("application/x-www-form-urlencoded".to_owned(), form.into_bytes()),
        };
        request.header(CONTENT_TYPE, kind).header(ORIGIN, origin).body(body)
    }

    fn cookies_for(&self, host: &str) -> String {
        let own = self.cookies.iter().filter(|((of, _), _)| of == host);
        own.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, url: &Url, page: &Page) {
        for cookie in page.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            let key = (host(url), name.to_owned());
            match attributes.contains("Max-Age=0") || attributes.to_lowercase().contains("expires=thu, 01 jan 1970") {
                true => self.cookies.remove(&key),
                false => self.cookies.insert(key, value.to_owned()),
            };
        }
    }
}

fn is_ours(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host.ends_with(BASE_DOMAIN))
}

/// With the port, by which the peers of a test differ.
fn host(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}

/// What browsers say of where a request comes from.
fn site(from: Option<&Url>, to: &Url) -> &'static str {
    match from {
        None => "none",
        Some(from) if from.origin() == to.origin() => "same-origin",
        Some(from) if is_ours(from) && is_ours(to) => "same-site",
        Some(_) => "cross-site",
    }
}
