//! People who speak, and are spoken to: from Telegram to the models and back.

use evolve_engine::speech::{opus, pcm::Pcm};
use evolve_testkit::telegram::SentKind;

use crate::system::{Mode, ground, parrot};

const IVAN: i64 = 42;

/// Seconds of a person, as Telegram records them.
pub(crate) fn recording(seconds: usize) -> Vec<u8> {
    opus::encode(&Pcm { rate: 48_000, samples: vec![0; 48_000 * seconds] }).unwrap()
}

#[tokio::test]
async fn a_voice_message_is_heard_answered_in_writing_and_spoken() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(IVAN, "hi");
    ground.wait_for_last(IVAN, |text| text == "you said hi").await;
    // On the free plan it is heard, but answered in writing alone.
    ground.telegram.send_voice(IVAN, recording(3), 3);
    ground.wait_for_last(IVAN, |text| text == "you said (a voice message of 3 s)").await;
    sqlx::query("UPDATE users SET plan = 'premium'").execute(&ground.sql).await.unwrap();
    ground.telegram.send_voice(IVAN, recording(4), 4);
    let sent = ground.telegram.wait_for(IVAN, |sent| sent.len() == 4).await;
    assert_eq!(sent[2].text, "you said (a voice message of 4 s)");
    assert_eq!(sent[3].kind, SentKind::Voice);
    let ogg = ground.telegram.file(&sent[3].file.clone().unwrap().file_id).unwrap();
    assert!(ogg.starts_with(b"OggS") && ogg.len() > 1000, "{} bytes", ogg.len());
    assert_eq!(ground.count("SELECT count(*) FROM audio_files WHERE kind = 'in'").await, 2);
    assert_eq!(ground.count("SELECT count(*) FROM audio_files WHERE kind = 'out'").await, 1);
    // Their removal takes that too.
    let (client, token) = ground.client(&api, IVAN).await;
    assert_eq!(client.delete_profile(&token, IVAN).await.unwrap().remaining, 0);
    assert_eq!(ground.count("SELECT count(*) FROM audio_files").await, 0);
}
