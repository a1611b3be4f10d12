//! What Telegram's webhook is given, by whoever knows its secret or says so: read as far as the bot reads it alone.

use evolve_bot::strangers;
use serde_json::Value;

/// Bytes as the body of a delivery.
pub(crate) fn run(bytes: &[u8]) {
    let Some(kept) = strangers::update(bytes) else { return };
    assert!(!has_nul(&kept.payload), "Postgres would refuse it, and with it all that came together");
    assert!(!kept.urgent || kept.chat_id.is_none(), "what is urgent waits for a chat");
    // What is kept comes back as text, and is read again by whoever works it.
    let again = strangers::update(kept.payload.to_string().as_bytes());
    let again = again.map(|again| (again.update_id, again.chat_id, again.user_id, again.urgent));
    assert_eq!(again, Some((kept.update_id, kept.chat_id, kept.user_id, kept.urgent)));
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    crate::texts(&[
        r#"{"update_id":1,"message":{"message_id":7,"date":1770000000,"chat":{"id":42,"type":"private","first_name":"Анна"},"from":{"id":42,"is_bot":false,"first_name":"Анна","language_code":"ru"},"text":"/start ref_16","entities":[{"type":"bot_command","offset":0,"length":6}]}}"#,
        r#"{"update_id":2,"message":{"message_id":8,"date":1770000000,"chat":{"id":-5,"type":"supergroup","title":"g","is_forum":true},"from":{"id":42,"is_bot":false,"first_name":"A"},"message_thread_id":3,"is_topic_message":true,"text":"@evolve_bot 😀 hi","entities":[{"type":"mention","offset":0,"length":11}],"reply_to_message":{"message_id":1,"date":0,"chat":{"id":-5,"type":"supergroup","title":"g"},"from":{"id":7,"is_bot":true,"first_name":"E"},"text":"q"}}}"#,
        r#"{"update_id":3,"callback_query":{"id":"q","chat_instance":"c","data":"mem:q:0:кот","from":{"id":42,"is_bot":false,"first_name":"A"},"message":{"message_id":9,"date":0,"chat":{"id":42,"type":"private","first_name":"A"}}}}"#,
        r#"{"update_id":4,"message":{"message_id":7,"date":1,"chat":{"id":42,"type":"private"},"from":{"id":42,"is_bot":false,"first_name":"A"},"photo":[{"file_id":"a","file_unique_id":"b","width":90,"height":60,"file_size":1}],"caption":"x\u0000y","media_group_id":"5","forward_origin":{"type":"hidden_user","date":1,"sender_user_name":"B"}}}"#,
        r#"{"update_id":5,"message":{"message_id":7,"date":1,"chat":{"id":42,"type":"private"},"from":{"id":42,"is_bot":false,"first_name":"A"},"voice":{"file_id":"a","file_unique_id":"a","duration":7,"mime_type":"audio/ogg"}}}"#,
        r#"{"update_id":6,"edited_message":{"message_id":7,"date":1,"edit_date":2,"chat":{"id":42,"type":"private"},"from":{"id":42,"is_bot":false,"first_name":"A"},"text":"/stop"}}"#,
        r#"{"update_id":7,"message_reaction":{"chat":{"id":42,"type":"private"},"user":{"id":42,"is_bot":false,"first_name":"A"},"message_id":7,"date":1,"old_reaction":[],"new_reaction":[{"type":"emoji","emoji":"👍"}]}}"#,
        r#"{"update_id":8,"my_chat_member":{"chat":{"id":42,"type":"private"},"from":{"id":42,"is_bot":false,"first_name":"A"},"date":1,"new_chat_member":{"status":"kicked"}}}"#,
        r#"{"update_id":9,"message":{"message_id":7,"date":1,"chat":{"id":42,"type":"private"},"from":{"id":42,"is_bot":false,"first_name":"A"},"successful_payment":{"currency":"XTR","total_amount":250,"invoice_payload":"p1.s.42","telegram_payment_charge_id":"t","provider_payment_charge_id":"p"}}}"#,
        r#"{"update_id":-9223372036854775808,"message":{"chat":{"id":9223372036854775807}},"\u0000":[[[[]]]]}"#,
        r#"{"update_id":10,"message":5,"callback_query":[],"inline_query":{"id":"1","from":{"id":42},"query":"why?"}}"#,
    ])
}
