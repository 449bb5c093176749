//! Protocols that are not HTTP, on a link whose gates wait for requests.

use super::peer::{Bench, gate};
use crate::{LinkEventKind, Phase};

#[tokio::test(flavor = "current_thread")]
async fn what_cannot_become_a_request_is_not_withheld_for_one() {
    // A TLS hello, a Redis command, a line of something else, a method that is none: none of them has the end of a head.
    for text in ["\x16\x03\x01\x02", "*1\r\n$4\r\nPING\r\n", "hello there, you\r\n", "OPTIONS rtsp://h/ RTSP/1.0\r\n"] {
        let mut bench = Bench::new([gate(1, Phase::RequestHead, 0)]).await;
        let (mut client, mut server) = bench.pair().await;
        client.say(text).await;
        assert_eq!(server.hear(text.len()).await, text);
        bench.event("not http", |event| matches!(event, LinkEventKind::NotHttp(1)).then_some(())).await;
        server.say(text).await;
        assert_eq!(client.hear(text.len()).await, text);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_may_speak_first() {
    let bench = Bench::new([gate(1, Phase::ResponseHead, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    server.say("220 ready\r\n").await;
    assert_eq!(client.hear(11).await, "220 ready\r\n");
}
