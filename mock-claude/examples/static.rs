//! The counterpart of the benchmark in `scripts/bench-mock`: an axum server that answers every
//! request with the same reply and looks at nothing. It prints its URL and serves until killed.

use std::io::{self, Write};

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;

const REPLY: &str = r#"{"id":"msg_011CtKUqmLsXeDwp9QGrNFSj","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[{"text":"\# Documentation\n\n\#\# Overview\nThis code groups related va","type":"text"}],"stop_reason":"max_tokens","stop_sequence":null,"usage":{"input_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":16,"service_tier":"standard"}}"#;

#[tokio::main]
async fn main() -> io::Result<()> {
    let reply = async |_: Bytes| ([("content-type", "application/json")], REPLY);
    let router = Router::new().route("/v1/messages", post(reply));
    let listener = mock_claude::internals::listen(([127, 0, 0, 1], 0).into())?;
    writeln!(io::stdout(), "http://{}", listener.local_addr()?)?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .auto_date_header(false)
                .serve_connection(TokioIo::new(socket), service),
        );
    }
}
