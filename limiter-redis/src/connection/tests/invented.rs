//! Servers that are none, and say what a test wants to hear.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Answers each question with what `answer` makes of its words and the server's port, in order and one by one, however
/// many come at once.
pub(super) async fn server_that_says(
    answer: impl Fn(&[String], u16) -> String + Clone + Send + 'static,
) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut client = BufReader::new(client);
                while let Some(words) = question(&mut client).await {
                    client.write_all(answer(&words, at.port()).as_bytes()).await.unwrap();
                }
            });
        }
    });
    address(at)
}

/// The next command: an array of texts.
async fn question(client: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let mut words = Vec::new();
    for _ in 0..length(client, '*').await? {
        let mut word = vec![0; length(client, '$').await? + 2];
        client.read_exact(&mut word).await.ok()?;
        word.truncate(word.len() - 2);
        words.push(String::from_utf8(word).unwrap());
    }
    Some(words)
}

async fn length(client: &mut BufReader<TcpStream>, mark: char) -> Option<usize> {
    let mut line = String::new();
    client.read_line(&mut line).await.ok()?;
    line.trim_end().strip_prefix(mark)?.parse().ok()
}
