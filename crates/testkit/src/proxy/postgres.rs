//! Reads along what a client says in the frontend protocol, version 3: enough to count round trips and to know which
//! statement ran. Large bodies that do not matter (parameters, COPY data) pass through without being collected.

use std::collections::HashMap;
use std::io;
use std::sync::PoisonError;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::forward::{copy, until_forwarding};
use super::{Lost, Shared};

const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;

/// The longest body that is collected: statements are far shorter.
const LONGEST: usize = 1 << 20;

pub(super) async fn forward(
    shared: &Shared,
    mut client_read: OwnedReadHalf,
    mut client_write: OwnedWriteHalf,
    server_read: OwnedReadHalf,
    mut server_write: OwnedWriteHalf,
) -> io::Result<()> {
    start_up(shared, &mut client_read, &mut client_write, &mut server_write).await?;
    let asking = async {
        let mut prepared = HashMap::new();
        loop {
            message(shared, &mut prepared, &mut client_read, &mut server_write).await?;
        }
    };
    tokio::select! {
        result = asking => result,
        result = copy(shared, server_read, client_write, || ()) => result,
    }
}

/// The first message has no type. Requests for encryption are answered with a no, so that the rest can be read.
async fn start_up(
    shared: &Shared,
    client_read: &mut OwnedReadHalf,
    client_write: &mut OwnedWriteHalf,
    server_write: &mut OwnedWriteHalf,
) -> io::Result<()> {
    loop {
        let length = client_read.read_u32().await?;
        let body = body(client_read, length).await?;
        until_forwarding(shared).await;
        let code = body.first_chunk().map_or(0, |code| u32::from_be_bytes(*code));
        if matches!(code, SSL_REQUEST | GSS_REQUEST) {
            client_write.write_all(b"N").await?;
            continue;
        }
        let mut message = length.to_be_bytes().to_vec();
        message.extend(body);
        return server_write.write_all(&message).await;
    }
}

/// Forwards one message and counts it.
async fn message(
    shared: &Shared,
    prepared: &mut HashMap<Vec<u8>, String>,
    client: &mut OwnedReadHalf,
    server: &mut OwnedWriteHalf,
) -> io::Result<()> {
    let kind = client.read_u8().await?;
    let length = client.read_u32().await?;
    let mut head = vec![kind];
    head.extend(length.to_be_bytes());
    let size = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(4);
    if !matches!(kind, b'P' | b'B' | b'Q' | b'S') || size > LONGEST {
        until_forwarding(shared).await;
        server.write_all(&head).await?;
        let mut rest = client.take(size as u64);
        tokio::io::copy(&mut rest, server).await?;
        return Ok(());
    }
    let body = body(client, length).await?;
    until_forwarding(shared).await;
    count(shared, prepared, kind, &body);
    head.extend(body);
    let lost = matches!(kind, b'Q' | b'S').then(|| shared.doomed()).flatten();
    if lost == Some(Lost::Request) {
        shared.fall_silent().await;
    }
    server.write_all(&head).await?;
    if lost == Some(Lost::Answer) {
        shared.fall_silent().await;
    }
    Ok(())
}

fn count(shared: &Shared, prepared: &mut HashMap<Vec<u8>, String>, kind: u8, body: &[u8]) {
    let mut strings = body.split(|byte| *byte == 0);
    let mut next = || strings.next().unwrap_or_default();
    match kind {
        b'P' => {
            let (name, statement) = (next().to_vec(), next());
            let types = body.get(name.len() + statement.len() + 2..).map(types).unwrap_or_default();
            let statement = String::from_utf8_lossy(statement).into_owned();
            shared.types.lock().unwrap_or_else(PoisonError::into_inner).insert(statement.clone(), types);
            prepared.insert(name, statement);
        }
        b'B' => {
            let (_portal, name) = (next(), next());
            let statement = prepared.get(name).cloned().unwrap_or_else(|| "(unknown)".to_owned());
            shared.count(|counted| counted.statements.push(statement));
        }
        b'Q' => {
            let statement = String::from_utf8_lossy(next()).into_owned();
            shared.count(|counted| {
                counted.statements.push(statement);
                counted.round_trips += 1;
            });
        }
        _ => shared.count(|counted| counted.round_trips += 1),
    }
}

/// The types of a statement's parameters, from behind its text: how many, then each.
fn types(named: &[u8]) -> Vec<u32> {
    let oids = named.get(2..).unwrap_or_default();
    oids.chunks_exact(4).filter_map(|oid| oid.first_chunk().map(|oid| u32::from_be_bytes(*oid))).collect()
}

/// The body after a length that counts itself.
async fn body(from: &mut OwnedReadHalf, length: u32) -> io::Result<Vec<u8>> {
    let size = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(4);
    if size > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a start-up message of this length is none"));
    }
    let mut body = vec![0; size];
    from.read_exact(&mut body).await?;
    Ok(body)
}
