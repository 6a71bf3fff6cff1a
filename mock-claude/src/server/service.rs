//! What every connection is served by: messages at once, everything else by its route, and all of
//! it traced.
//!
//! Looking for a route, and the layers around it, would cost a message more than its answer does.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use axum::{BoxError, Router};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use tower_service::Service;

use super::body::IdleTimeout;
use super::drain::Drained;
use super::listener::http1;
use super::tee::Tee;
use super::trace_layer::{Traced, Tracer, traced};
use super::wire::{Carrier, Control, Wire};
use crate::basis::percent;
use crate::cloud::{self, AsSent, Call};
use crate::exchange::core::Core;
use crate::exchange::{Origin, cloud as by_cloud, message};
use crate::routes;

/// The whole API of one mock. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) core: Arc<Core>,
    routes: Router,
    /// Whether messages are the mock's own, which need no route.
    messages: bool,
}

type Handling = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Api {
    pub(crate) fn new(core: Core) -> Self {
        let core = Arc::new(core);
        let routes = routes::router(Arc::clone(&core));
        Self { core, routes, messages: true }
    }

    /// Other routes with a mock's core: every request goes through them.
    #[cfg(feature = "proxy")]
    pub(crate) const fn of_routes(core: Arc<Core>, routes: Router) -> Self {
        Self { core, routes, messages: false }
    }

    /// Whether messages are the mock's own.
    pub(crate) const fn has_messages(&self) -> bool {
        self.messages
    }

    /// One connection over `carrier`, whose handlers can order what becomes of their responses.
    pub(crate) fn connection<C: Carrier + 'static>(
        &self,
        carrier: C,
    ) -> hyper::server::conn::http1::Connection<
        TokioIo<Wire<C>>,
        impl HttpService<Incoming, ResBody = Traced, Error = Infallible, Future: Send> + use<C>,
    > {
        let control = Control::of_connection(self.core.journal.next_connection());
        let idle = &self.core.config.connection;
        let wire = Wire::new(carrier, control.clone()).dying(idle.dies_after());
        let io = TokioIo::new(wire);
        let api = self.clone();
        let service = service_fn(move |request| {
            let answer = api.answer(request, Some(control.clone()));
            async move { Ok::<_, Infallible>(answer.await) }
        });
        // Waiting for a head is all that an idle connection does.
        http1().header_read_timeout(idle.closes_after()).serve_connection(io, service)
    }

    /// Answers one request as the only one of its connection.
    pub(crate) fn alone(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = http::Response<Traced>> + Send + use<> {
        let control = Control::of_connection(self.core.journal.next_connection());
        self.answer(request.map(Full::new), Some(control))
    }

    /// Answers one request; `control` is the connection that it came on, where faults can reach it.
    ///
    /// What is returned is small: a connection keeps room for it as long as it is open, and it is
    /// moved on its way there.
    fn answer<B>(
        &self,
        request: Request<B>,
        control: Option<Control>,
    ) -> impl Future<Output = http::Response<Traced>> + Send + use<B>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let Core { journal, clock, .. } = &*self.core;
        let (request, job) = of_job(request);
        let tracer = Tracer::of(Arc::clone(journal), *clock, &request, job, control.clone());
        let origin = Origin { control, trace: tracer.handle() };
        let request =
            request.map(|body| Tee::new(Drained::new(IdleTimeout::new(body)), tracer.reading()));
        traced(tracer, self.handle(request, origin))
    }

    fn handle<B>(&self, request: Request<B>, origin: Origin) -> Handling
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let direct = self.messages && request.method() == Method::POST;
        if direct && request.uri().path() == message::PATH {
            return Box::pin(message::answer(Arc::clone(&self.core), request, origin));
        }
        if direct && let Some(call) = Call::of(request.uri().path()) {
            return Box::pin(by_cloud::answer(Arc::clone(&self.core), request, origin, call));
        }
        let request = if self.messages { of_prefix(request) } else { request };
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(origin);
        let answer = self.routes.clone().call(request);
        Box::pin(async move {
            match answer.await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        })
    }
}

/// What the path of every request begins with that belongs to a job.
const JOB_PREFIX: &str = "/job/";

/// The longest name of a job, in bytes of the path.
const MAX_JOB: usize = 400;

/// A request without the prefix of its job, and the job: `/job/7/v1/messages` is `/v1/messages` of
/// job 7. So a client that can be given nothing but a base URL says which job it works for. A name
/// that is percent-encoded is known by what was meant.
fn of_job<B>(request: Request<B>) -> (Request<B>, Option<String>) {
    let Some((job, rest)) = without_prefix(request.uri()) else { return (request, None) };
    let job = percent::decoded(job).unwrap_or_else(|| job.to_owned());
    let Some(uri) = at(request.uri(), rest) else { return (request, None) };
    let as_sent = request.uri().path_and_query().cloned().map(AsSent);
    let mut request = moved(request, uri);
    as_sent.map(|as_sent| request.extensions_mut().insert(as_sent));
    (request, Some(job))
}

/// A request to the path of Mantle or of Foundry as one to the API.
fn of_prefix<B>(request: Request<B>) -> Request<B> {
    let path = request.uri().path_and_query().map(PathAndQuery::as_str);
    match path.and_then(cloud::without_prefix).and_then(|rest| at(request.uri(), rest)) {
        Some(uri) => moved(request, uri),
        None => request,
    }
}

/// The address with another path.
fn at(uri: &Uri, path_and_query: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse().ok()?);
    Uri::from_parts(parts).ok()
}

fn moved<B>(request: Request<B>, uri: Uri) -> Request<B> {
    let (mut head, body) = request.into_parts();
    head.uri = uri;
    Request::from_parts(head, body)
}

/// The name of the job and what follows it, where there are both.
fn without_prefix(uri: &Uri) -> Option<(&str, &str)> {
    let path = uri.path_and_query()?.as_str().strip_prefix(JOB_PREFIX)?;
    let (job, rest) = path.split_at(path.find('/')?);
    (!job.is_empty() && job.len() <= MAX_JOB).then_some((job, rest))
}

impl<B> Service<Request<B>> for Api
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<Traced>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let answer = self.answer(request, None);
        Box::pin(async move { Ok(answer.await) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::basis::clock::Clock;
    use crate::journal::Journal;

    #[test]
    fn the_prefix_of_a_job_is_taken_off_the_path() {
        let check = |path: &str, job: Option<&str>, rest: &str| {
            let (request, found) = of_job(Request::post(path).body(()).unwrap());
            assert_eq!(found.as_deref(), job, "{path}");
            assert_eq!(request.uri().to_string(), rest, "{path}");
        };
        check("/job/7/v1/messages", Some("7"), "/v1/messages");
        check("/job/a%20b/v1/models?limit=2", Some("a b"), "/v1/models?limit=2");
        check("/job/a%2Fb%5B1%5D/v1/models", Some("a/b[1]"), "/v1/models");
        check("/job/100%/v1/models", Some("100%"), "/v1/models");
        check("http://mock/job/7/v1/messages", Some("7"), "http://mock/v1/messages");
        for path in ["/v1/messages", "/job/", "/job/7", "/job//v1/messages", "/jobs/7/v1/messages"]
        {
            check(path, None, path);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_takes_little_room_in_its_connection() {
        let core = Core::new(Config::default(), Clock::starting_at(0), Journal::default());
        let api = Api::new(core);
        let asked = Request::post(message::PATH).body(Body::empty()).unwrap();
        let answer = size_of_val(&api.answer(asked, None));
        let asked = Request::post(message::PATH).body(Body::empty()).unwrap();
        let core = Arc::clone(&api.core);
        let handling = size_of_val(&message::answer(core, asked, Origin::default()));
        assert!(answer <= 300 && handling <= 2_500, "{answer} and {handling} bytes");
    }
}
