//! Everything that an administrator can ask, in one list: what it takes to be allowed to, what it is called in the log, and how often
//! it may be asked. What is not in the list is refused, and a test fails for a route of the router that is missing here.

use axum::http::Method;
use evolve_domain::access::Permission;

use crate::{limits::Rule, panel::parts::View};

/// Under which all of it is, besides what is listed.
const ADMIN: [&str; 2] = ["/admin", "/api/v1/admin"];

/// Under which what pages ask by themselves is.
pub const LIVE: &str = "/admin/panel/live/";

/// Who a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// Whoever comes: pages of signing in, and what they load.
    Anyone,
    /// Whoever is known, whatever they may do.
    Known,
    /// Whoever may do this.
    May(Permission),
}

/// A route.
#[derive(Clone, Debug)]
pub struct Named {
    /// The method.
    pub method: Method,
    /// The route.
    pub route: &'static str,
    /// Who may.
    pub opens: Opens,
    /// The name of the act in the log: never changed, since people look for it. Of what only shows something there is none, unless
    /// each look is to be in the log.
    pub act: Option<&'static str>,
    /// Whether it writes its entry in the one transaction that it is.
    pub is_atomic: bool,
    /// How often.
    pub rule: Rule,
    /// Whether a name and a password of HTTP Basic open it as well.
    pub takes_basic: bool,
    /// Whether it is a page: who is not signed in is led there.
    pub is_page: bool,
}

const fn route(method: Method, route: &'static str, opens: Opens, act: Option<&'static str>) -> Named {
    Named { method, route, opens, act, is_atomic: false, rule: Rule::Admin, takes_basic: false, is_page: false }
}

/// Shows something.
const fn get(path: &'static str, permission: Permission) -> Named {
    route(Method::GET, path, Opens::May(permission), None)
}

/// Does something.
const fn post(path: &'static str, permission: Permission, act: &'static str) -> Named {
    route(Method::POST, path, Opens::May(permission), Some(act))
}

const fn patch(path: &'static str, permission: Permission, act: &'static str) -> Named {
    route(Method::PATCH, path, Opens::May(permission), Some(act))
}

const fn put(path: &'static str, permission: Permission, act: &'static str) -> Named {
    route(Method::PUT, path, Opens::May(permission), Some(act))
}

const fn delete(path: &'static str, permission: Permission, act: &'static str) -> Named {
    route(Method::DELETE, path, Opens::May(permission), Some(act))
}

/// A page.
const fn page(path: &'static str, permission: Permission) -> Named {
    of_panel(get(path, permission))
}

/// What a form of a page does.
const fn form(path: &'static str, permission: Permission, act: &'static str) -> Named {
    of_panel(post(path, permission, act))
}

/// A page, or its form, before the door.
const fn open(method: Method, path: &'static str) -> Named {
    of_panel(route(method, path, Opens::Anyone, None))
}

/// What somebody does about themselves on a page. The use case writes the entry, where it is one for the log.
const fn own(path: &'static str) -> Named {
    of_panel(route(Method::POST, path, Opens::Known, None))
}

const fn of_panel(mut named: Named) -> Named {
    named.is_page = true;
    named.rule = Rule::Panel;
    named
}

impl Named {
    /// It is one transaction, and its entry is written in it.
    const fn atomic(mut self) -> Self {
        self.is_atomic = true;
        self
    }

    /// HTTP Basic opens it too.
    const fn basic(mut self) -> Self {
        self.takes_basic = true;
        self
    }

    /// It has a limit of its own.
    const fn limited(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// Each look is in the log.
    const fn look(mut self, act: &'static str) -> Self {
        self.act = Some(act);
        self
    }

    /// Whoever is known may.
    const fn known(mut self) -> Self {
        self.opens = Opens::Known;
        self
    }

    /// Whether a page asks it by itself, again and again, as long as it is open.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.route.starts_with(LIVE)
    }

    /// Whether it shows what nobody is to see by the way: each look is in the log, or it is a file to keep, a list or what `query` asks
    /// for of a page.
    #[must_use]
    pub fn is_meant(&self, query: Option<&str>) -> bool {
        let is_table = || self.is_page && query.is_some_and(|query| View::read(query).file().is_some());
        self.method.is_safe() && (self.is_logged() || self.route.ends_with(".csv") || is_table())
    }

    /// Whether its acts are in the log.
    #[must_use]
    pub const fn is_logged(&self) -> bool {
        self.act.is_some()
    }
}

use Permission::{
    Access, Audit, Broadcast, Configure, Content, ManageOperations, ManagePeople, Numbers, Operations, People, Refund,
};

/// Every route by which an administrator asks or acts.
pub static ROUTES: [Named; 166] = [
    get("/admin/payments", Refund),
    post("/admin/payments/{payment_id}/refund", Refund, "payment.refund").atomic(),
    post("/admin/payments/{payment_id}/returned", Refund, "payment.returned").atomic(),
    post("/admin/payments/{payment_id}/decline", Refund, "payment.decline").atomic(),
    post("/admin/people/{user_id}/premium", ManagePeople, "person.grant_premium").atomic(),
    // Neither this nor a ban is one transaction: before, Telegram is asked to stop a subscription.
    delete("/admin/people/{user_id}/premium", ManagePeople, "person.end_premium"),
    get("/api/v1/admin/people", People),
    get("/api/v1/admin/people/{user_id}", People),
    get("/api/v1/users/{user_id}/stats", People),
    post("/api/v1/admin/people/{user_id}/ban", ManagePeople, "person.ban"),
    delete("/api/v1/admin/people/{user_id}/ban", ManagePeople, "person.lift_ban").atomic(),
    post("/api/v1/admin/people/{user_id}/forget", ManagePeople, "person.forget"),
    get("/api/v1/admin/people/{user_id}/facts", Content).look("person.look_facts"),
    get("/api/v1/admin/people/{user_id}/conversations", Content).look("person.look_conversations"),
    get("/api/v1/conversations/{conversation_id}", Content).look("conversation.look"),
    get("/api/v1/admin/conversations", Content).look("conversation.search"),
    get("/api/v1/admin/flags", Configure),
    put("/api/v1/admin/flags/{flag}", Configure, "flag.turn").atomic(),
    get("/api/v1/admin/flags/{flag}/history", Configure),
    get("/api/v1/admin/prompts", Configure),
    get("/api/v1/admin/prompts/{prompt}", Configure),
    post("/api/v1/admin/prompts/{prompt}", Configure, "prompt.write").atomic(),
    post("/api/v1/admin/prompts/{prompt}/current", Configure, "prompt.choose").atomic(),
    post("/api/v1/admin/prompts/{prompt}/preview", Configure, "prompt.preview"),
    get("/admin/db_metrics", Operations),
    get("/admin/cache_stats", Operations),
    post("/admin/cleanup_chat_history", ManageOperations, "job.clean_up"),
    get("/admin/analytics/overview", Numbers),
    get("/admin/analytics/users", Numbers),
    get("/admin/analytics/messages", Numbers),
    get("/admin/analytics/revenue", Numbers),
    get("/admin/analytics/features", Numbers),
    get("/admin/analytics/cohort", Numbers),
    get("/admin/analytics/funnel", Numbers),
    get("/admin/analytics/activity", Numbers),
    get("/admin/analytics/tools", Numbers),
    get("/api/v1/stats", Numbers).basic().limited(Rule::Stats),
    get("/api/v1/admin/broadcast", Broadcast),
    post("/api/v1/admin/broadcast", Broadcast, "broadcast.create"),
    post("/api/v1/admin/broadcast/preview", Broadcast, "broadcast.preview"),
    get("/api/v1/admin/broadcast/{broadcast_id}", Broadcast),
    post("/api/v1/admin/broadcast/{broadcast_id}/pause", Broadcast, "broadcast.pause"),
    post("/api/v1/admin/broadcast/{broadcast_id}/resume", Broadcast, "broadcast.resume"),
    post("/api/v1/admin/broadcast/{broadcast_id}/cancel", Broadcast, "broadcast.cancel"),
    get("/admin/scheduler_status", Operations),
    get("/admin/failures", Operations),
    post("/admin/failures/replay", ManageOperations, "failure.replay_all"),
    post("/admin/failures/inbox/{update_id}/replay", ManageOperations, "failure.replay_update"),
    post("/admin/failures/outbox/{id}/replay", ManageOperations, "failure.replay_message"),
    get("/api/v1/admin/webhooks", Operations),
    post("/api/v1/admin/webhooks", ManageOperations, "webhook.create"),
    patch("/api/v1/admin/webhooks/{webhook_id}", ManageOperations, "webhook.change"),
    delete("/api/v1/admin/webhooks/{webhook_id}", ManageOperations, "webhook.remove"),
    post("/api/v1/admin/webhooks/{webhook_id}/rotate", ManageOperations, "webhook.rotate"),
    get("/api/v1/admin/webhooks/{webhook_id}/deliveries", Operations),
    post("/api/v1/admin/webhooks/{webhook_id}/replay", ManageOperations, "webhook.replay"),
    post("/api/v1/admin/webhooks/{webhook_id}/test", ManageOperations, "webhook.test"),
    get("/admin/audit", Audit),
    get("/api/v1/auth/me", Access).known().basic(),
    get("/api/v1/admin/accounts", Access),
    post("/api/v1/admin/accounts", Access, "account.create"),
    patch("/api/v1/admin/accounts/{account_id}", Access, "account.change"),
    post("/api/v1/admin/accounts/{account_id}/reset", Access, "account.reset"),
    // Everybody's own; those of others for who may.
    get("/api/v1/admin/sessions", Access).known(),
    delete("/api/v1/admin/sessions/{session_id}", Access, "session.revoke").known(),
    get("/api/v1/admin/api-keys", Access),
    post("/api/v1/admin/api-keys", Access, "api_key.create"),
    delete("/api/v1/admin/api-keys/{api_key_id}", Access, "api_key.revoke"),
    get("/api/v1/admin/api-users", Access),
    delete("/api/v1/admin/api-users/{api_user_id}", Access, "api_user.remove"),
    // The panel: its files, and what is nowhere else.
    open(Method::GET, "/admin/panel/assets/{hash}/{name}"),
    page("/admin/panel/{*rest}", Access).known(),
    open(Method::GET, "/admin/panel/sign-in"),
    open(Method::POST, "/admin/panel/sign-in"),
    open(Method::GET, "/admin/panel/sign-in/elsewhere"),
    open(Method::GET, "/admin/panel/oidc/callback"),
    own("/admin/panel/sign-out"),
    open(Method::GET, "/admin/panel/welcome"),
    open(Method::POST, "/admin/panel/welcome"),
    page("/admin/panel/account", Access).known(),
    own("/admin/panel/account/language"),
    own("/admin/panel/account/password"),
    own("/admin/panel/account/codes"),
    page("/admin/panel/account/factor", Access).known(),
    own("/admin/panel/account/factor"),
    page("/admin/panel/access", Access),
    form("/admin/panel/access/new-account", Access, "account.create"),
    form("/admin/panel/access/role", Access, "account.change"),
    form("/admin/panel/access/link", Access, "account.reset"),
    form("/admin/panel/access/telegram", Access, "account.change"),
    form("/admin/panel/access/enable", Access, "account.change"),
    form("/admin/panel/access/disable", Access, "account.change"),
    form("/admin/panel/access/end-session", Access, "session.revoke").known(),
    form("/admin/panel/access/new-key", Access, "api_key.create"),
    form("/admin/panel/access/revoke-key", Access, "api_key.revoke"),
    form("/admin/panel/access/remove-user", Access, "api_user.remove"),
    // Running it.
    page("/admin/panel/broadcasts", Broadcast),
    page("/admin/panel/broadcasts.csv", Broadcast),
    page("/admin/panel/broadcasts/new", Broadcast),
    form("/admin/panel/broadcasts/new", Broadcast, "broadcast.create"),
    form("/admin/panel/broadcasts/preview", Broadcast, "broadcast.preview"),
    page("/admin/panel/broadcasts/{broadcast_id}", Broadcast),
    form("/admin/panel/broadcasts/{broadcast_id}/pause", Broadcast, "broadcast.pause"),
    form("/admin/panel/broadcasts/{broadcast_id}/resume", Broadcast, "broadcast.resume"),
    form("/admin/panel/broadcasts/{broadcast_id}/cancel", Broadcast, "broadcast.cancel"),
    page("/admin/panel/live/broadcasts/{broadcast_id}", Broadcast),
    page("/admin/panel/jobs", Operations),
    page("/admin/panel/jobs.csv", Operations),
    form("/admin/panel/jobs/clean-up", ManageOperations, "job.clean_up"),
    page("/admin/panel/failures", Operations),
    page("/admin/panel/failures.csv", Operations),
    form("/admin/panel/failures/inbox/{update_id}/replay", ManageOperations, "failure.replay_update"),
    form("/admin/panel/failures/outbox/{id}/replay", ManageOperations, "failure.replay_message"),
    form("/admin/panel/failures/replay-all", ManageOperations, "failure.replay_all"),
    page("/admin/panel/flags", Configure),
    page("/admin/panel/flags.csv", Configure),
    page("/admin/panel/flags/{flag}", Configure),
    form("/admin/panel/flags/{flag}", Configure, "flag.turn").atomic(),
    page("/admin/panel/prompts", Configure),
    page("/admin/panel/prompts/{prompt}", Configure),
    form("/admin/panel/prompts/{prompt}", Configure, "prompt.write").atomic(),
    form("/admin/panel/prompts/{prompt}/preview", Configure, "prompt.preview"),
    form("/admin/panel/prompts/{prompt}/restore", Configure, "prompt.choose").atomic(),
    page("/admin/panel/webhooks", Operations),
    page("/admin/panel/webhooks.csv", Operations),
    form("/admin/panel/webhooks", ManageOperations, "webhook.create"),
    page("/admin/panel/webhooks/{webhook_id}", Operations),
    form("/admin/panel/webhooks/{webhook_id}/test", ManageOperations, "webhook.test"),
    form("/admin/panel/webhooks/{webhook_id}/replay", ManageOperations, "webhook.replay"),
    form("/admin/panel/webhooks/{webhook_id}/rotate", ManageOperations, "webhook.rotate"),
    form("/admin/panel/webhooks/{webhook_id}/enable", ManageOperations, "webhook.change"),
    form("/admin/panel/webhooks/{webhook_id}/disable", ManageOperations, "webhook.change"),
    form("/admin/panel/webhooks/{webhook_id}/remove", ManageOperations, "webhook.remove"),
    page("/admin/panel/system", Operations),
    // Who may not see numbers is led to what they may see.
    page("/admin", Numbers).known(),
    // What people write who mean that.
    open(Method::GET, "/admin/"),
    open(Method::GET, "/admin/panel"),
    open(Method::GET, "/admin/panel/"),
    page("/admin/panel/live/tail", Numbers),
    page("/admin/panel/audit", Audit),
    page("/admin/panel/audit.csv", Audit),
    // People, what they said, and numbers.
    page("/admin/panel/people", People),
    page("/admin/panel/people.csv", People).look("person.export"),
    page("/admin/panel/people/{user_id}", People),
    page("/admin/panel/people/{user_id}/facts", Content).look("person.look_facts"),
    page("/admin/panel/people/{user_id}/conversations", Content).look("person.look_conversations"),
    form("/admin/panel/people/{user_id}/grant", ManagePeople, "person.grant_premium").atomic(),
    form("/admin/panel/people/{user_id}/end-premium", ManagePeople, "person.end_premium"),
    form("/admin/panel/people/{user_id}/ban", ManagePeople, "person.ban"),
    form("/admin/panel/people/{user_id}/unban", ManagePeople, "person.lift_ban").atomic(),
    form("/admin/panel/people/{user_id}/forget", ManagePeople, "person.forget"),
    form("/admin/panel/people/{user_id}/refund", Refund, "payment.refund").atomic(),
    page("/admin/panel/conversations", Content).look("conversation.search"),
    page("/admin/panel/conversations/{conversation_id}", Content).look("conversation.look"),
    page("/admin/panel/revenue", Numbers),
    page("/admin/panel/revenue.csv", People).look("subscription.export"),
    page("/admin/panel/payments", Refund),
    page("/admin/panel/payments.csv", Refund).look("payment.export"),
    form("/admin/panel/payments/{payment_id}/refund", Refund, "payment.refund").atomic(),
    form("/admin/panel/payments/{payment_id}/returned", Refund, "payment.returned").atomic(),
    form("/admin/panel/payments/{payment_id}/decline", Refund, "payment.decline").atomic(),
    page("/admin/panel/cohorts", Numbers),
    page("/admin/panel/funnel", Numbers),
    page("/admin/panel/features", Numbers),
    page("/admin/panel/features.csv", Numbers),
    page("/admin/panel/tools", Numbers),
];

/// What the list says of a request.
#[derive(Clone, Copy, Debug)]
pub enum Found {
    /// It is this.
    Listed(&'static Named),
    /// The route is there, and not for this method.
    OtherMethod,
    /// It is an administrator's, and not in the list.
    Unlisted,
    /// It is nothing of an administrator.
    Another,
}

/// Finds a request in the list. `HEAD` is `GET` without a body.
#[must_use]
pub fn find(method: &Method, path: &str) -> Found {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let mut of_path = ROUTES.iter().filter(|named| named.route == path).peekable();
    let is_listed = of_path.peek().is_some();
    match of_path.find(|named| named.method == *method) {
        Some(named) => Found::Listed(named),
        None if is_listed => Found::OtherMethod,
        None if is_under_admin(path) => Found::Unlisted,
        None => Found::Another,
    }
}

/// Whether a path is an administrator's, in the list or not.
#[must_use]
pub fn is_under_admin(path: &str) -> bool {
    ADMIN.iter().any(|admin| path.strip_prefix(admin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_request_is_in_the_list_once_and_what_changes_something_has_a_name() {
        let mut seen = BTreeSet::new();
        for named in &ROUTES {
            assert!(seen.insert((named.method.to_string(), named.route)), "{} {}", named.method, named.route);
            let is_ones_own = named.is_page && !matches!(named.opens, Opens::May(_));
            assert!(named.method.is_safe() || named.is_logged() || is_ones_own, "{} {}", named.method, named.route);
            assert_eq!(named.is_page, named.rule == Rule::Panel, "{}", named.route);
            assert!(!named.takes_basic || named.method.is_safe(), "a browser shows Basic by itself: {}", named.route);
        }
    }

    #[test]
    fn what_is_not_in_the_list_is_told_from_what_is_none_of_it() {
        let find = |method: Method, path: &str| find(&method, path);
        assert!(matches!(find(Method::GET, "/admin/audit"), Found::Listed(named) if named.route == "/admin/audit"));
        assert!(matches!(find(Method::HEAD, "/admin/audit"), Found::Listed(_)));
        assert!(matches!(find(Method::PUT, "/admin/audit"), Found::OtherMethod));
        for unlisted in ["/admin/nothing", "/admin/nothing/", "/api/v1/admin/nothing"] {
            assert!(matches!(find(Method::GET, unlisted), Found::Unlisted), "{unlisted}");
        }
        for another in ["/", "/administration", "/profile"] {
            assert!(matches!(find(Method::GET, another), Found::Another), "{another}");
        }
    }
}
