//! Who looks at a page, and in which language; and what was done just now, which the next page tells once.

use std::time::Duration;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use evolve_domain::access::{Permission, Permissions};
use uuid::Uuid;

use crate::{
    access::{Actor, Who, cookies, proof},
    panel::{
        download,
        pages::Page,
        parts::View,
        respond,
        shell::{self, Section, Shell},
        words::Words,
    },
    problem::ApiError,
    request_id::RequestId,
    state::Api,
};

/// How often it is looked whether somebody may still watch.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Names of what can have been done begin so, in `locales/` and in the cookie alike.
const DONE: &str = concat!("panel", "-done-");

/// Who looks.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Who they are, and what they may do.
    pub actor: Actor,
    /// In which language, and in whose hours.
    pub words: Words,
    /// The session's token, for forms.
    pub csrf: String,
    /// What they ask of the tables; nothing where they sent a form.
    pub view: View,
    /// What the request is called in the logs.
    pub request_id: String,
    done: Option<String>,
    headers: HeaderMap,
}

impl FromRequestParts<Api> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let actor = Actor::from_request_parts(parts, api).await?;
        let RequestId(request_id) = RequestId::from_request_parts(parts, api).await?;
        let asked = parts.uri.query().filter(|_| parts.method.is_safe());
        let view = asked.map(View::read).unwrap_or_default();
        Ok(Self { view, ..Self::new(api, actor, &parts.headers, request_id) })
    }
}

impl Reader {
    /// Who asks with these headers.
    #[must_use]
    pub fn new(api: &Api, actor: Actor, headers: &HeaderMap, request_id: String) -> Self {
        let language = actor.session().and_then(|session| session.language);
        let words = Words { language: shell::language(language, headers), zone: api.reports.zone() };
        let csrf = actor.session().map(|session| api.access.csrf(session.id)).unwrap_or_default();
        let done = cookies::done(headers).and_then(|code| told(words, &code));
        Self { actor, words, csrf, view: View::default(), request_id, done, headers: headers.clone() }
    }

    /// Whether they may do this.
    #[must_use]
    pub const fn may(&self, permission: Permission) -> bool {
        self.actor.may(permission)
    }

    /// Their session.
    #[must_use]
    pub fn session(&self) -> Option<Uuid> {
        self.actor.session().map(|session| session.id)
    }

    /// Is over where what they came by is: a session that was ended by them or by others, or left alone for too long; a key that was
    /// revoked; a token that has run out, or whose person is nobody's account any more.
    pub fn gone(&self, api: &Api) -> impl Future<Output = ()> + Send + use<> {
        let (api, actor, headers) = (api.clone(), self.actor.clone(), self.headers.clone());
        async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                match proof::holds(&api, &headers, &actor).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => tracing::debug!(%error, "whether somebody may still watch is not known now"),
                }
            }
        }
    }

    /// What stands around their pages.
    #[must_use]
    pub fn shell(&self) -> Shell {
        let (account, role) = match &self.actor.who {
            Who::Account { name, role, .. } => (name.clone(), role.as_str().to_owned()),
            _ => (self.actor.name(), String::new()),
        };
        let sections = sections(self.actor.permissions);
        Shell { words: self.words, account, role, sections, csrf: self.csrf.clone(), done: self.done.clone() }
    }

    /// A page of theirs, or the table of it that they want as a file. What was done just now is told on the page, and then never again.
    #[must_use]
    pub fn page(&self, page: &impl Page) -> Response {
        self.page_with(page, StatusCode::OK)
    }

    /// A page with another status: 422 where a form comes back with what is wrong in it. Of such a page no table is a file: it would look
    /// like an answer to what was asked.
    #[must_use]
    pub fn page_with(&self, page: &impl Page, status: StatusCode) -> Response {
        if let Some(id) = self.view.file().filter(|_| status.is_success()) {
            let wanted = page.tables().into_iter().find(|table| table.id == id);
            return match wanted {
                Some(table) => download::download(&table, table.id),
                None => respond::problem(Some(&self.shell()), self.words, StatusCode::NOT_FOUND, &self.request_id),
            };
        }
        let mut response = respond::page(&self.shell(), page);
        if response.status().is_success() {
            *response.status_mut() = status;
        }
        if cookies::done(&self.headers).is_some() {
            append(&mut response, cookies::take_done(&self.headers));
        }
        response
    }

    /// After a form: on to a page, which tells what was done: a message `panel-done-…`.
    #[must_use]
    pub fn done(&self, path: &str, message: &str) -> Response {
        let mut response = respond::go_to(path);
        append(&mut response, cookies::give_done(&self.headers, message.strip_prefix(DONE).unwrap_or(message)));
        response
    }
}

/// Adds a cookie.
pub(super) fn append(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// What was done, in words. A cookie says anything; only what we say ourselves is told.
fn told(words: Words, code: &str) -> Option<String> {
    let is_plain = code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let text = is_plain.then(|| words.code("done", code))?;
    (text != code).then_some(text)
}

/// The pages that these permissions open.
#[must_use]
pub fn sections(permissions: Permissions) -> Vec<Section> {
    Section::ALL.into_iter().filter(|section| permissions.allow(opens(*section))).collect()
}

/// What it takes to open a page of the menu; the list of routes says the same, and a test compares the two.
const fn opens(section: Section) -> Permission {
    match section {
        Section::Overview
        | Section::Revenue
        | Section::Cohorts
        | Section::Funnel
        | Section::Features
        | Section::Tools => Permission::Numbers,
        Section::People => Permission::People,
        Section::Payments => Permission::Refund,
        Section::Conversations => Permission::Content,
        Section::Broadcasts => Permission::Broadcast,
        Section::Jobs | Section::Failures | Section::System => Permission::Operations,
        Section::Flags | Section::Prompts => Permission::Configure,
        Section::Access => Permission::Access,
        Section::Audit => Permission::Audit,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use evolve_domain::{access::Role, language::Language};

    use super::*;
    use crate::access::routes::{Opens, ROUTES};

    #[test]
    fn a_menu_has_what_a_role_may_open() {
        let of = |role: Role| sections(role.permissions());
        assert_eq!(of(Role::Owner), Section::ALL);
        assert!(!of(Role::Admin).contains(&Section::Access));
        assert!(of(Role::Support).contains(&Section::People) && !of(Role::Support).contains(&Section::Revenue));
        assert!(!of(Role::Analyst).contains(&Section::Conversations));
    }

    #[test]
    fn the_menu_and_the_list_of_routes_agree() {
        for section in Section::ALL {
            let of_list = ROUTES.iter().find(|named| named.route == section.path() && named.method == Method::GET);
            // Who may not see numbers is led on from the first page.
            let expected = if section == Section::Overview { Opens::Known } else { Opens::May(opens(section)) };
            assert_eq!(of_list.map(|named| named.opens), Some(expected), "{}", section.path());
        }
    }

    #[test]
    fn nothing_is_told_that_we_do_not_say() {
        let words = Words { language: Language::En, zone: chrono_tz::Tz::UTC };
        assert_eq!(told(words, "saved").as_deref(), Some("Saved."));
        for strange in ["", "<b>", "nothing-we-say", "Saved", "../problem"] {
            assert_eq!(told(words, strange), None, "{strange}");
        }
    }
}
