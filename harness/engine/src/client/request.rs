//! What is asked of the API.

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The model's id.
    pub model: &'a str,
    /// The most tokens of the answer.
    pub max_tokens: u32,
    /// Whether to stream.
    pub stream: bool,
    /// What the API is asked to keep for the next call: a system block before the prompt.
    pub cached: Option<&'a str>,
    /// The prompt.
    pub prompt: &'a str,
    /// Whether it goes by Amazon Bedrock, and not to the API itself.
    pub bedrock: bool,
    /// The mark by which the mock's journal distinguishes attempts.
    pub tag: &'a str,
}
