//! A report card as a page for a terminal, as Markdown, as HTML and for programs.

mod data;
mod html;
mod markdown;
mod text;
mod words;

pub(super) use self::data::CardJson;
pub(super) use self::html::CardHtml;
pub(super) use self::markdown::CardMarkdown;
pub(super) use self::text::CardText;
