//! Tables for other programs (RFC 4180), of any length: the rows are read and sent a few hundred at a time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use crate::flows::FlowError;

/// Rows under way, ready to be sent, and what the next ones are read with; `None` after the last.
pub type Read<C> = Result<(String, Option<C>), FlowError>;

type Reading<C> = Pin<Box<dyn Future<Output = Read<C>>>>;

/// A body that is read piece by piece. When a read fails, the connection is cut, so that nobody takes half for the whole.
pub struct Pieces<C, F> {
    ready: Option<String>,
    next: Option<C>,
    read: F,
    reading: Option<Reading<C>>,
}

impl<C, F: Fn(C) -> Reading<C>> Pieces<C, F> {
    /// The first piece, and how the others are read.
    pub fn new((first, next): (String, Option<C>), read: F) -> Self {
        Self { ready: Some(first), next, read, reading: None }
    }
}

impl<C: Unpin, F: Fn(C) -> Reading<C> + Unpin> MessageBody for Pieces<C, F> {
    type Error = FlowError;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, FlowError>>> {
        let body = self.get_mut();
        loop {
            // An empty piece would be taken for the end.
            if let Some(piece) = body.ready.take().filter(|piece| !piece.is_empty()) {
                return Poll::Ready(Some(Ok(Bytes::from(piece))));
            }
            let reading = match (&mut body.reading, body.next.take()) {
                (Some(reading), _) => reading,
                (None, None) => return Poll::Ready(None),
                (slot, Some(next)) => slot.insert((body.read)(next)),
            };
            let read = ready!(reading.as_mut().poll(context));
            body.reading = None;
            match read {
                Ok((piece, next)) => (body.ready, body.next) = (Some(piece), next),
                Err(fault) => {
                    tracing::error!(%fault, "an export broke off");
                    return Poll::Ready(Some(Err(fault)));
                }
            }
        }
    }
}

/// One row. Every field is quoted, and none begins like a formula (OWASP ASVS 5.0 1.2.10): a spreadsheet would run it.
pub fn row<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let fields: Vec<_> = fields.into_iter().map(field).collect();
    format!("{}\r\n", fields.join(","))
}

fn field(text: &str) -> String {
    let guard = if text.starts_with(FORMULA) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use super::*;
    use crate::storage::StorageError;

    #[test]
    fn fields_are_quoted_and_quotes_doubled() {
        assert_eq!(row(["a", "", "b, \"c\"", "d\r\ne"]), "\"a\",\"\",\"b, \"\"c\"\"\",\"d\r\ne\"\r\n");
    }

    #[test]
    fn nothing_begins_like_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "=cmd|' /C calc'!A0"]
        {
            let row = row([formula]);
            assert!(row.starts_with("\"'"), "{row}");
        }
        assert_eq!(row(["1-1=0"]), "\"1-1=0\"\r\n");
    }

    async fn sent(body: impl MessageBody<Error = FlowError>) -> Result<String, FlowError> {
        let (mut body, mut all) = (pin!(body), Vec::new());
        while let Some(piece) = poll_fn(|context| body.as_mut().poll_next(context)).await {
            let piece = piece?;
            assert!(!piece.is_empty());
            all.extend_from_slice(&piece);
        }
        Ok(String::from_utf8(all).unwrap())
    }

    #[actix_web::test]
    async fn pieces_come_one_after_the_other() {
        let read = |n: u32| -> Reading<u32> {
            Box::pin(async move {
                let text = if n == 2 { String::new() } else { n.to_string() };
                Ok((text, (n < 4).then_some(n + 1)))
            })
        };
        assert_eq!(sent(Pieces::new(("0".to_owned(), Some(1)), read)).await.unwrap(), "0134");
        assert_eq!(sent(Pieces::new((String::new(), None), read)).await.unwrap(), "");
    }

    #[actix_web::test]
    async fn a_fault_on_the_way_is_no_end() {
        let read = |_: u32| -> Reading<u32> { Box::pin(async { Err(StorageError::Unavailable.into()) }) };
        assert!(sent(Pieces::new(("0".to_owned(), Some(1)), read)).await.is_err());
    }
}
