//! An API on loopback that speaks the contract. It answers what a test tells it to, and repeats itself for a repeated
//! Idempotency-Key, as the real one does.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response, Sse, sse::Event},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use evolve_contract::{
    Code, Problem,
    aside::AsideRequest,
    auth::{AuthRequest, AuthResponse, SERVICE_KEY_HEADER, USERNAME_HEADER},
    chat::{
        ChatRequest, ChatResponse, FeedbackRequest, FeedbackResponse, IDEMPOTENCY_KEY_HEADER, LevelUp, ResetResponse,
        StopRequest, StopResponse,
    },
    deletion::{DeletionCancelled, DeletionRequest, DeletionResponse},
    history::{HistoryQuery, HistoryResponse, Kept, KeptKind, PrivacyResponse, Said, SaidIn, Speaker},
    memory::FactData,
    problem::PROBLEM_JSON,
    profile::{
        DeletedResponse, Onboarding, ProfileData, ProfileField, ProfileResponse, ProfileUpdate, ReferrerRequest,
        ReferrerResponse, StatusResponse,
    },
    relationship::{EventKind, Level, RelationshipResponse},
    settings::{SettingsData, SettingsResponse, SettingsUpdate},
    voice::{Mode, VoiceResponse, VoiceUpdate},
};
use futures::{Stream, StreamExt as _};
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::JoinHandle,
};

const UNCHOSEN: VoiceResponse = VoiceResponse { mode: Mode::OnVoice, voice: None, available: true, allowed: true };
/// What is heard in recordings whose answer is never heard of.
pub(crate) const DANGER: &str = "Я больше не хочу жить";
pub(crate) const SERVICE_KEY: &str = "0123456789abcdef0123456789abcdef";

/// One `POST /chat`, as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) person: i64,
    pub(crate) key: String,
    pub(crate) request: ChatRequest,
}

/// What the API answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Text(String),
    /// A text, and the same spoken.
    Spoken(String, Vec<u8>),
    /// A text, perhaps none, and a picture.
    Drawn(String, Vec<u8>),
    Problem(Problem),
    /// The page of a proxy whose API is away.
    BadGateway,
    /// The turn is made, but its answer is never heard of.
    Hang,
    /// The text, once the test lets it go.
    Later(Arc<Notify>, String),
    /// The text in pieces: the first at once, and each that follows, and at last the end, when the test lets it go.
    Pieces(Arc<Notify>, Vec<&'static str>),
    /// As [`Self::Pieces`], and a problem at its end.
    PiecesAndThen(Arc<Notify>, Vec<&'static str>, Problem),
    /// What was heard in a recording, at once; and when the test lets it go the answer and its sound, or a problem.
    Heard(Arc<Notify>, &'static str, Result<(&'static str, Vec<u8>), Problem>),
}

mod aside;
mod consent;
mod memory;
mod people;
mod talks;

type Answerer = Box<dyn Fn(&Call, usize) -> Reply + Send>;

struct World {
    answerer: Answerer,
    answered: HashMap<(i64, String), ChatResponse>,
    profiles: HashMap<i64, ProfileData>,
    voices: HashMap<i64, VoiceResponse>,
    settings: HashMap<i64, SettingsData>,
    is_adult: bool,
    knows_no_consents: bool,
    consents: HashMap<i64, bool>,
    /// Who said that they are too young.
    minors: HashSet<i64>,
    deletions: HashMap<i64, u32>,
    asked_exports: HashSet<i64>,
    exported: usize,
    /// What is remembered, in the order of telling.
    facts: Vec<(i64, FactData)>,
    calls: Vec<Call>,
    asides: Vec<AsideRequest>,
    aside_keys: Vec<String>,
    turns: usize,
    token_generation: u32,
    conversation_open: bool,
    /// Lets the answer that is being made end, when somebody stops it.
    stoppable: Option<Arc<Notify>>,
    /// The keys of answers that were to stop.
    stopped: Vec<String>,
    feedback: Vec<(i64, String, Option<String>)>,
    referrers: Vec<(i64, String)>,
    /// The @names with which tokens were asked for.
    names: Vec<(i64, String)>,
    /// The level that every new turn reaches.
    level_up: Option<LevelUp>,
    is_away: bool,
    profiles_are_limited: bool,
    hangs_after_update: bool,
    profile_updates: usize,
    changes: watch::Sender<()>,
}

/// The handle of a test. The server ends with it.
pub(crate) struct FakeApi {
    world: Arc<Mutex<World>>,
    url: String,
    server: JoinHandle<()>,
}

impl Drop for FakeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

type Shared = State<Arc<Mutex<World>>>;

impl FakeApi {
    pub(crate) async fn start() -> Self {
        let world = Arc::new(Mutex::new(World {
            answerer: Box::new(|call, _| Reply::Text(format!("echo: {}", call.request.message))),
            answered: HashMap::new(),
            profiles: HashMap::new(),
            voices: HashMap::new(),
            settings: HashMap::new(),
            is_adult: false,
            knows_no_consents: false,
            consents: HashMap::new(),
            minors: HashSet::new(),
            deletions: HashMap::new(),
            asked_exports: HashSet::new(),
            exported: 0,
            facts: Vec::new(),
            calls: Vec::new(),
            asides: Vec::new(),
            aside_keys: Vec::new(),
            turns: 0,
            token_generation: 0,
            conversation_open: true,
            stoppable: None,
            stopped: Vec::new(),
            feedback: Vec::new(),
            referrers: Vec::new(),
            names: Vec::new(),
            level_up: None,
            is_away: false,
            profiles_are_limited: false,
            hangs_after_update: false,
            profile_updates: 0,
            changes: watch::Sender::new(()),
        }));
        let router = Router::new()
            .route("/auth", post(auth))
            .route("/chat", post(chat))
            .route("/chat/reset", post(reset))
            .route("/voice/{user_id}", get(voice).post(update_voice))
            .route("/chat/stop", post(stop))
            .route("/chat/feedback", post(feedback))
            .route("/profile/referrer", post(referrer))
            .route("/profile", post(update_profile))
            .route("/profile/{user_id}", get(profile).delete(remove))
            .route("/deletion", post(ask_deletion))
            .route("/deletion/{user_id}", axum::routing::delete(cancel_deletion))
            .route("/history/{user_id}", get(history))
            .route("/privacy", get(privacy))
            .route("/profile/status/{user_id}", get(status))
            .route("/relationship/{user_id}", get(relationship))
            .route("/settings", post(update_settings))
            .route("/settings/{user_id}", get(settings))
            .merge(memory::routes())
            .merge(people::routes())
            .merge(aside::routes())
            .merge(consent::routes())
            .merge(talks::routes())
            .layer(axum::extract::DefaultBodyLimit::max(32 * 1024 * 1024))
            .with_state(world.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { world, url, server }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// From now on, `answerer` says what is answered, given the call and how many there were of its key before.
    pub(crate) fn answer(&self, answerer: impl Fn(&Call, usize) -> Reply + Send + 'static) {
        self.lock().answerer = Box::new(answerer);
    }

    pub(crate) fn set_away(&self, is_away: bool) {
        self.lock().is_away = is_away;
    }

    /// From now on, nobody may read a profile.
    pub(crate) fn limit_profiles(&self) {
        self.lock().profiles_are_limited = true;
    }

    /// From now on, profiles are changed, but nobody hears of it.
    pub(crate) fn hang_after_updates(&self, hangs: bool) {
        self.lock().hangs_after_update = hangs;
    }

    /// Changes of profiles so far.
    pub(crate) fn profile_updates(&self) -> usize {
        self.lock().profile_updates
    }

    /// No token that was given out so far is taken any more.
    pub(crate) fn expire_tokens(&self) {
        self.lock().token_generation += 1;
    }

    /// From now on, every new turn reaches a level of this name.
    pub(crate) fn reach_level(&self, level: u8, name: &str) {
        self.lock().level_up = Some(LevelUp { level, name: name.to_owned() });
    }

    /// The keys of answers that were to stop.
    pub(crate) fn stopped(&self) -> Vec<String> {
        self.lock().stopped.clone()
    }

    /// The answer that is made now ends when it is stopped.
    pub(crate) fn can_be_stopped(&self, by: Arc<Notify>) {
        self.lock().stoppable = Some(by);
    }

    /// What was thought of answers: by whom, of which, what.
    pub(crate) fn feedback(&self) -> Vec<(i64, String, Option<String>)> {
        self.lock().feedback.clone()
    }

    /// The @names with which tokens of a person were asked for, in order.
    pub(crate) fn names(&self, person: i64) -> Vec<String> {
        self.lock().names.iter().filter(|(of, _)| *of == person).map(|(_, name)| name.clone()).collect()
    }

    /// Who came by which link.
    pub(crate) fn referrers(&self) -> Vec<(i64, String)> {
        self.lock().referrers.clone()
    }

    pub(crate) fn end_conversation(&self) {
        self.lock().conversation_open = false;
    }

    pub(crate) fn know(&self, person: i64, data: ProfileData) {
        self.lock().profiles.insert(person, data);
    }

    /// The person was removed.
    pub(crate) fn forget_person(&self, person: i64) {
        self.lock().profiles.remove(&person);
    }

    /// In how many days the person is to be removed.
    pub(crate) fn deletion(&self, person: i64) -> Option<u32> {
        self.lock().deletions.get(&person).copied()
    }

    pub(crate) fn settings(&self, person: i64) -> SettingsData {
        self.lock().settings.get(&person).cloned().unwrap_or_default()
    }

    pub(crate) fn set(&self, person: i64, data: SettingsData) {
        self.lock().settings.insert(person, data);
    }

    pub(crate) fn profile(&self, person: i64) -> Option<ProfileData> {
        self.lock().profiles.get(&person).cloned()
    }

    pub(crate) fn allow_voice(&self, person: i64, allowed: bool) {
        self.lock().voices.entry(person).or_insert(UNCHOSEN).allowed = allowed;
    }

    pub(crate) fn voice(&self, person: i64) -> VoiceResponse {
        self.lock().voices.get(&person).copied().unwrap_or(UNCHOSEN)
    }

    /// Every `POST /chat` so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// Every `POST /chat/aside` so far.
    pub(crate) fn asides(&self) -> Vec<AsideRequest> {
        self.lock().asides.clone()
    }

    /// The key of each.
    pub(crate) fn aside_keys(&self) -> Vec<String> {
        self.lock().aside_keys.clone()
    }

    /// Turns that were made, rather than repeated.
    pub(crate) fn turns(&self) -> usize {
        self.lock().turns
    }

    /// Waits until a person's messages have come this many times.
    pub(crate) async fn wait_for_calls_of(&self, person: i64, count: usize) {
        let mut changes = self.lock().changes.subscribe();
        let seen = || self.lock().calls.iter().filter(|call| call.person == person).count();
        let enough = async {
            while seen() < count {
                changes.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(std::time::Duration::from_secs(20), enough).await;
        assert!(waited.is_ok(), "waited in vain for {count} calls, there were {}", seen());
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

fn problem(problem: Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap();
    (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], serde_json::to_string(&problem).unwrap()).into_response()
}

/// The person whose token it is.
#[expect(clippy::result_large_err, reason = "a response is what there is to say")]
fn person(world: &World, headers: &HeaderMap) -> Result<i64, Response> {
    if world.is_away {
        return Err((StatusCode::BAD_GATEWAY, "<h1>Bad gateway</h1>").into_response());
    }
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let parts: Vec<&str> = token.trim_start_matches("Bearer ").split('-').collect();
    match parts.as_slice() {
        ["token", person, generation] if *generation == world.token_generation.to_string() => {
            Ok(person.parse().unwrap())
        }
        _ => Err(problem(Problem::new(Code::Unauthorized))),
    }
}

async fn auth(State(world): Shared, headers: HeaderMap, Json(body): Json<AuthRequest>) -> Response {
    let mut world = world.lock().unwrap();
    if world.is_away {
        return (StatusCode::BAD_GATEWAY, "<h1>Bad gateway</h1>").into_response();
    }
    if let (Some(person), Some(name)) = (body.user_id, headers.get(USERNAME_HEADER)) {
        world.names.push((person, name.to_str().unwrap().to_owned()));
    }
    if headers.get(SERVICE_KEY_HEADER).is_none_or(|key| key != SERVICE_KEY) {
        return problem(Problem::new(Code::Forbidden));
    }
    let access_token = format!("token-{}-{}", body.user_id.unwrap(), world.token_generation);
    Json(AuthResponse { access_token, token_type: "bearer".to_owned(), expires_in: 3600 }).into_response()
}

async fn chat(State(world): Shared, headers: HeaderMap, Json(request): Json<ChatRequest>) -> Response {
    let (reply, level_up, asks_consent, consent_withdrawn) = {
        let mut world = world.lock().unwrap();
        let person = match person(&world, &headers) {
            Ok(person) => person,
            Err(response) => return response,
        };
        let key = headers.get(IDEMPOTENCY_KEY_HEADER).unwrap().to_str().unwrap().to_owned();
        let before = world.calls.iter().filter(|call| call.key == key).count();
        let call = Call { person, key: key.clone(), request };
        world.calls.push(call.clone());
        world.changes.send_replace(());
        let stored = world.answered.get(&(person, key.clone())).cloned();
        let reply = (world.answerer)(&call, before);
        let text = match &reply {
            Reply::Text(text) | Reply::Later(_, text) | Reply::Spoken(text, _) | Reply::Drawn(text, _) => {
                Some(text.clone())
            }
            Reply::Pieces(_, pieces) => Some(pieces.concat()),
            Reply::Heard(_, _, Ok((text, _))) => Some((*text).to_owned()),
            Reply::Hang => Some(format!("made: {}", call.request.message)),
            Reply::Problem(_) | Reply::Heard(..) | Reply::PiecesAndThen(..) | Reply::BadGateway => None,
        };
        match (stored, text) {
            (Some(stored), _) if !matches!(reply, Reply::Hang) => return whole(&headers, stored),
            (None, Some(response_text)) => {
                let level_up = world.level_up.clone();
                let answer = match &reply {
                    Reply::Spoken(_, sound) => spoken(response_text, sound),
                    Reply::Drawn(_, picture) => drawn(response_text, picture),
                    Reply::Heard(_, heard, Ok((_, sound))) => {
                        ChatResponse { heard: Some((*heard).to_owned()), ..spoken(response_text, sound) }
                    }
                    Reply::Hang if call.request.audio_data.is_some() => {
                        ChatResponse { response_text, heard: Some(DANGER.to_owned()), ..ChatResponse::default() }
                    }
                    _ => ChatResponse { response_text, ..ChatResponse::default() },
                };
                world.answered.insert((person, key), ChatResponse { level_up, ..answer });
                world.turns += 1;
            }
            _ => {}
        }
        let withdrawn = consent::believe(&mut world, person, &call.request.message);
        (reply, world.level_up.clone(), world.is_adult && !world.consents.contains_key(&person), withdrawn)
    };
    match reply {
        Reply::Text(response_text) => {
            let answer = ChatResponse { response_text, level_up, asks_consent, ..ChatResponse::default() };
            whole(&headers, ChatResponse { consent_withdrawn, ..answer })
        }
        Reply::Spoken(response_text, sound) => {
            whole(&headers, ChatResponse { level_up, ..spoken(response_text, &sound) })
        }
        Reply::Drawn(response_text, picture) => whole(&headers, drawn(response_text, &picture)),
        Reply::Problem(it) => problem(it),
        Reply::BadGateway => (StatusCode::BAD_GATEWAY, "<h1>Bad gateway</h1>").into_response(),
        Reply::Hang => std::future::pending().await,
        Reply::Later(go, response_text) => {
            go.notified().await;
            whole(&headers, ChatResponse { response_text, level_up, ..ChatResponse::default() })
        }
        Reply::Pieces(go, pieces) => {
            let answer = ChatResponse { response_text: pieces.concat(), level_up, ..ChatResponse::default() };
            in_pieces(go, pieces, event("done", &answer))
        }
        Reply::Heard(go, heard, end) => {
            let heard_now = event("heard", &serde_json::json!({ "text": heard }));
            let end = match end {
                Ok((text, sound)) => {
                    let answer = spoken(text.to_owned(), &sound);
                    event("done", &ChatResponse { heard: Some(heard.to_owned()), ..answer })
                }
                Err(problem) => event("error", &problem),
            };
            in_turn(go, vec![heard_now, end])
        }
        Reply::PiecesAndThen(go, pieces, problem) => in_pieces(go, pieces, event("error", &problem)),
    }
}

fn drawn(response_text: String, picture: &[u8]) -> ChatResponse {
    ChatResponse { response_text, image_base64: Some(STANDARD.encode(picture)), ..ChatResponse::default() }
}

fn spoken(response_text: String, sound: &[u8]) -> ChatResponse {
    let voice_message = Some(STANDARD.encode(sound));
    ChatResponse { response_text, voice_message, voice_seconds: Some(2), ..ChatResponse::default() }
}

async fn voice(State(world): Shared, headers: HeaderMap, Path(user_id): Path<i64>) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    Json(*world.voices.entry(user_id).or_insert(UNCHOSEN)).into_response()
}

async fn update_voice(
    State(world): Shared,
    headers: HeaderMap,
    Path(user_id): Path<i64>,
    Json(update): Json<VoiceUpdate>,
) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    let chosen = world.voices.entry(user_id).or_insert(UNCHOSEN);
    chosen.mode = update.mode.unwrap_or(chosen.mode);
    chosen.voice = update.voice.or(chosen.voice);
    Json(*chosen).into_response()
}

/// An answer without deltas, in the form that the caller asked for.
fn whole(headers: &HeaderMap, answer: ChatResponse) -> Response {
    let streams = headers.get(header::ACCEPT).is_some_and(|accept| accept == "text/event-stream");
    if streams { sse(futures::stream::iter([event("done", &answer)])) } else { Json(answer).into_response() }
}

fn in_pieces(go: Arc<Notify>, pieces: Vec<&'static str>, end: Event) -> Response {
    let deltas = pieces.into_iter().map(|text| event("delta", &serde_json::json!({ "text": text })));
    in_turn(go, deltas.chain([end]).collect())
}

/// The first at once, each other when the test lets it go.
fn in_turn(go: Arc<Notify>, events: Vec<Event>) -> Response {
    let events = futures::stream::iter(events.into_iter().enumerate()).then(move |(place, event)| {
        let go = go.clone();
        async move {
            if place > 0 {
                go.notified().await;
            }
            event
        }
    });
    sse(events)
}

fn event(name: &str, data: &impl serde::Serialize) -> Event {
    Event::default().event(name).data(serde_json::to_string(data).unwrap())
}

fn sse(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    Sse::new(events.map(Ok::<_, std::convert::Infallible>)).into_response()
}

async fn reset(State(world): Shared, headers: HeaderMap) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    let ended = std::mem::take(&mut world.conversation_open);
    Json(ResetResponse { ended }).into_response()
}

async fn stop(State(world): Shared, headers: HeaderMap, Json(body): Json<StopRequest>) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    world.stopped.extend(body.keys);
    let stopped = world.stoppable.take();
    if let Some(answer) = &stopped {
        answer.notify_one();
    }
    Json(StopResponse { stopping: stopped.is_some() }).into_response()
}

async fn feedback(State(world): Shared, headers: HeaderMap, Json(body): Json<FeedbackRequest>) -> Response {
    let mut world = world.lock().unwrap();
    match person(&world, &headers) {
        Err(response) => response,
        Ok(person) => {
            world.feedback.push((person, body.key, body.reaction));
            Json(FeedbackResponse { kept: true }).into_response()
        }
    }
}

async fn referrer(State(world): Shared, headers: HeaderMap, Json(body): Json<ReferrerRequest>) -> Response {
    let mut world = world.lock().unwrap();
    match person(&world, &headers) {
        Err(response) => response,
        Ok(person) => {
            world.referrers.push((person, body.parameter));
            Json(ReferrerResponse { heard: true }).into_response()
        }
    }
}

async fn profile(State(world): Shared, Path(user_id): Path<i64>, headers: HeaderMap) -> Response {
    let world = world.lock().unwrap();
    match person(&world, &headers) {
        Err(response) => response,
        Ok(person) if person != user_id => problem(Problem::new(Code::Forbidden)),
        Ok(_) if world.profiles_are_limited => problem(Problem::new(Code::RateLimited).retry_after(60)),
        Ok(_) => match world.profiles.get(&user_id) {
            Some(data) => Json(response_of(user_id, data)).into_response(),
            None => problem(Problem::new(Code::ProfileNotFound)),
        },
    }
}

async fn update_profile(State(world): Shared, headers: HeaderMap, Json(update): Json<ProfileUpdate>) -> Response {
    let (response, hangs) = {
        let mut world = world.lock().unwrap();
        (change_profile(&mut world, &headers, update), world.hangs_after_update)
    };
    if hangs { std::future::pending().await } else { response }
}

fn change_profile(world: &mut World, headers: &HeaderMap, update: ProfileUpdate) -> Response {
    match person(world, headers) {
        Err(response) => response,
        Ok(person) if person != update.user_id => problem(Problem::new(Code::Forbidden)),
        Ok(person) => {
            world.profile_updates += 1;
            let known = world.profiles.entry(person).or_insert_with(|| ProfileData {
                language: Some("ru".to_owned()),
                time_zone: Some("Europe/Moscow".to_owned()),
                onboarding: Some(Onboarding::New),
                ..ProfileData::default()
            });
            let new = update.data;
            known.name = new.name.or(known.name.take());
            known.language = new.language.or(known.language.take());
            known.time_zone = new.time_zone.or(known.time_zone.take());
            known.onboarding = new.onboarding.or(known.onboarding);
            for field in update.forget {
                match field {
                    ProfileField::Name => known.name = None,
                    ProfileField::Gender => known.gender = None,
                    ProfileField::Birthday => known.birthday = None,
                    ProfileField::Occupation => known.occupation = None,
                    ProfileField::City => known.city = None,
                }
            }
            Json(response_of(person, known)).into_response()
        }
    }
}

async fn remove(State(world): Shared, Path(user_id): Path<i64>, headers: HeaderMap) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    world.profiles.remove(&user_id);
    world.settings.remove(&user_id);
    world.deletions.remove(&user_id);
    Json(DeletedResponse { user_id, deleted: Default::default(), remaining: 0 }).into_response()
}

async fn ask_deletion(State(world): Shared, headers: HeaderMap, Json(body): Json<DeletionRequest>) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    let DeletionRequest { user_id, days } = body;
    world.deletions.insert(user_id, days);
    let start: chrono::DateTime<chrono::Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
    let due_at = Some(start + chrono::TimeDelta::days(days.into()));
    Json(DeletionResponse { user_id, due_at }).into_response()
}

async fn cancel_deletion(State(world): Shared, Path(user_id): Path<i64>, headers: HeaderMap) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    let cancelled = world.deletions.remove(&user_id).is_some();
    Json(DeletionCancelled { user_id, cancelled }).into_response()
}

/// Nine messages of two conversations on two pages; a search finds the first.
async fn history(
    State(world): Shared,
    Path(user_id): Path<i64>,
    Query(query): Query<HistoryQuery>,
    headers: HeaderMap,
) -> Response {
    if let Err(response) = person(&world.lock().unwrap(), &headers) {
        return response;
    }
    let at = "2026-03-08T09:05:00Z".parse().unwrap();
    let said = |number: i32| {
        let by = if number % 2 == 1 { Speaker::Person } else { Speaker::Companion };
        let (id, title) = if number < 6 { (1, Some("Cats & <dogs>".to_owned())) } else { (2, None) };
        let conversation = Some(SaidIn { id: uuid::Uuid::from_u128(id), title });
        Said { by, text: format!("<message> {number}"), has_image: number == 3, at, conversation }
    };
    let page = |from: i32, to: i32| (from..=to).map(said).collect();
    let (messages, older, newer) = match query {
        HistoryQuery { search: Some(words), .. } if words == "nothing" => (Vec::new(), None, None),
        HistoryQuery { search: Some(_), .. } => (page(1, 1), None, None),
        HistoryQuery { before: Some(2), .. } => (page(1, 1), None, Some(2)),
        _ => (page(2, 9), Some(2), None),
    };
    Json(HistoryResponse { user_id, messages, older, newer }).into_response()
}

async fn privacy(State(world): Shared, headers: HeaderMap) -> Response {
    match person(&world.lock().unwrap(), &headers) {
        Ok(_) => {
            let kept = [
                Kept { what: KeptKind::Messages, days: Some(365) },
                Kept { what: KeptKind::DrawnPictures, days: Some(90) },
                Kept { what: KeptKind::Memory, days: None },
            ];
            let models = vec!["gemini".to_owned(), "local".to_owned()];
            Json(PrivacyResponse { models, kept: kept.to_vec(), unsent_days: Some(7) }).into_response()
        }
        Err(response) => response,
    }
}

async fn settings(State(world): Shared, Path(user_id): Path<i64>, headers: HeaderMap) -> Response {
    let world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    let data = world.settings.get(&user_id).cloned().unwrap_or_default();
    let zone = world.profiles.get(&user_id).and_then(|profile| profile.time_zone.as_deref());
    Json(SettingsResponse { user_id, data, zone_is_chosen: Some(zone != Some("Europe/Moscow")) }).into_response()
}

async fn update_settings(State(world): Shared, headers: HeaderMap, Json(update): Json<SettingsUpdate>) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    let SettingsUpdate { user_id, data: new } = update;
    if new.instructions.as_ref().is_some_and(|lines| lines.len() > 10) {
        return problem(Problem::new(Code::InvalidValue));
    }
    let known = world.settings.entry(user_id).or_default();
    known.detail = new.detail.or(known.detail);
    known.instructions = new.instructions.or(known.instructions.take());
    known.talk_of = new.talk_of.or(known.talk_of.take());
    known.avoid = new.avoid.or(known.avoid.take());
    known.quiet_hours = new.quiet_hours.or(known.quiet_hours.take());
    known.good_morning = new.good_morning.or(known.good_morning);
    known.follow_ups = new.follow_ups.or(known.follow_ups);
    known.menu_buttons = new.menu_buttons.or(known.menu_buttons);
    known.keep_messages_days = new.keep_messages_days.or(known.keep_messages_days).filter(|days| *days > 0);
    let data = known.clone();
    Json(SettingsResponse { user_id, data, zone_is_chosen: None }).into_response()
}

async fn status(State(world): Shared, Path(user_id): Path<i64>, headers: HeaderMap) -> Response {
    let world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    Json(StatusResponse {
        user_id,
        plan: "free".to_owned(),
        premium_until: None,
        messages_today: 29,
        messages_limit: Some(50),
        resets_at: "2026-03-08T21:00:00Z".parse().unwrap(),
        level: 1,
        level_name: "Незнакомец".to_owned(),
        points: 5,
        next_level_at: Some(100),
        facts: 0,
        invite: None,
    })
    .into_response()
}

async fn relationship(State(world): Shared, Path(user_id): Path<i64>, headers: HeaderMap) -> Response {
    let world = world.lock().unwrap();
    if let Err(response) = person(&world, &headers) {
        return response;
    }
    let level = |level, name: &str, points| Level { level, name: name.to_owned(), points };
    let today = "2026-03-08".parse().unwrap();
    Json(RelationshipResponse {
        user_id,
        today,
        points: 22,
        level: level(1, "Незнакомец", 0),
        next_level: Some(level(2, "Знакомый", 100)),
        levels: 5,
        streak_days: 3,
        points_today: 4,
        points_a_day: 30,
        lately: vec![evolve_contract::relationship::Event {
            day: today,
            kind: EventKind::Streak,
            times: 1,
            points: 3,
            level: None,
        }],
    })
    .into_response()
}

fn response_of(user_id: i64, data: &ProfileData) -> ProfileResponse {
    ProfileResponse { user_id, data: data.clone(), created_at: "2026-01-01T00:00:00Z".parse().unwrap() }
}
