//! What every connection is served by: messages at once, everything else by its route, and all of
//! it watched.
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
use http::{Method, Request};
use tower_service::Service;

use crate::answer::State;
use crate::patience::Patient;
use crate::watch::{Watched, Watcher, watch};
use crate::wire::Control;
use crate::{messages, routes};

/// The whole API of one mock. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) state: Arc<State>,
    routes: Router,
    /// Whether messages are the mock's own, which need no route.
    messages: bool,
}

impl Api {
    pub(crate) fn new(state: State) -> Self {
        let state = Arc::new(state);
        let routes = routes::router(Arc::clone(&state));
        Self { state, routes, messages: true }
    }

    /// Other routes beside a mock's state: every request goes through them.
    pub(crate) const fn of_routes(state: Arc<State>, routes: Router) -> Self {
        Self { state, routes, messages: false }
    }

    /// Answers one request; `control` is the connection that it came on, where faults can reach it.
    ///
    /// What is returned is small: a connection keeps room for it as long as it is open, and it is
    /// moved on its way there.
    pub(crate) fn answer<B>(
        &self,
        request: Request<B>,
        control: Option<Control>,
    ) -> impl Future<Output = http::Response<Watched>> + Send + use<B>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let watcher = Watcher::of(Arc::clone(&self.state), &request);
        watch(watcher, self.handle(request.map(Patient::new), control))
    }

    fn handle<B>(&self, request: Request<B>, control: Option<Control>) -> Handling
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let direct = self.messages && request.method() == Method::POST;
        if direct && request.uri().path() == messages::PATH {
            return Box::pin(messages::answer(Arc::clone(&self.state), request, control));
        }
        let mut request = request.map(Body::new);
        if let Some(control) = control {
            request.extensions_mut().insert(control);
        }
        let answer = self.routes.clone().call(request);
        Box::pin(async move {
            match answer.await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        })
    }
}

type Handling = Pin<Box<dyn Future<Output = Response> + Send>>;

impl<B> Service<Request<B>> for Api
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<Watched>;
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
    use crate::clock::Clock;

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_takes_little_room_in_its_connection() {
        let clock = Clock::starting_at(0);
        let api = Api::new(State::new(
            crate::Config::default(),
            clock,
            crate::journal::Journal::default(),
        ));
        let asked = Request::post(messages::PATH).body(Body::empty()).unwrap();
        let answer = size_of_val(&api.answer(asked, None));
        let asked = Request::post(messages::PATH).body(Body::empty()).unwrap();
        let handling = size_of_val(&messages::answer(Arc::clone(&api.state), asked, None));
        assert!(answer <= 300 && handling <= 2_500, "{answer} and {handling} bytes");
    }
}
