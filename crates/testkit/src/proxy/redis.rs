//! Reads along what a client says in RESP: arrays of bulk strings, of which the first is the command.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::Shared;
use super::forward::{copy, until_forwarding};

pub(super) async fn forward(
    shared: &Shared,
    client_read: OwnedReadHalf,
    client_write: OwnedWriteHalf,
    server_read: OwnedReadHalf,
    mut server_write: OwnedWriteHalf,
) -> io::Result<()> {
    // A request after an answer, or the first one, begins a round trip.
    let answered = AtomicBool::new(true);
    let asking = async {
        let mut client = BufReader::new(client_read);
        loop {
            let (name, bytes) = command(&mut client).await?;
            until_forwarding(shared).await;
            let begins = usize::from(answered.swap(false, Ordering::SeqCst));
            shared.count(|counted| {
                counted.statements.push(name);
                counted.round_trips += begins;
            });
            server_write.write_all(&bytes).await?;
        }
    };
    let answering = copy(shared, server_read, client_write, || answered.store(true, Ordering::SeqCst));
    tokio::select! {
        result = asking => result,
        result = answering => result,
    }
}

/// The next command: its name in capitals, and all of its bytes.
async fn command(client: &mut BufReader<OwnedReadHalf>) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let count = number(client, &mut bytes, b'*').await?;
    let mut name = String::new();
    for index in 0..count {
        let length = number(client, &mut bytes, b'$').await?;
        let start = bytes.len();
        bytes.resize(start + length + 2, 0);
        client.read_exact(&mut bytes[start..]).await?;
        if index == 0 {
            name = String::from_utf8_lossy(&bytes[start..start + length]).to_uppercase();
        }
    }
    Ok((name, bytes))
}

/// A line `<kind><number>\r\n`, which is added to `bytes`.
async fn number(client: &mut BufReader<OwnedReadHalf>, bytes: &mut Vec<u8>, kind: u8) -> io::Result<usize> {
    let start = bytes.len();
    client.read_until(b'\n', bytes).await?;
    let line = bytes.get(start..).unwrap_or_default();
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let digits = line.strip_prefix(&[kind]).and_then(|rest| std::str::from_utf8(rest).ok());
    digits
        .and_then(|digits| digits.trim_end().parse().ok())
        .filter(|number| *number < 1 << 26)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a RESP command"))
}
