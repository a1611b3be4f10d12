//! What servers of models send, who are anybody that `PROVIDERS` names: the body of an answer, and a stream of events.

use evolve_engine::model::{Answer, Gemini, ModelError, OpenAi};

type StreamReader = fn(&[&[u8]]) -> Result<Answer, ModelError>;

/// Bytes as an answer of either kind. A stream says the same however it is cut.
pub(crate) fn run(bytes: &[u8]) {
    let _ = (Gemini::read(bytes, 3), OpenAi::read(bytes, usize::MAX / 2));
    let readers: [StreamReader; 2] = [Gemini::read_stream, OpenAi::read_stream];
    for read in readers {
        let whole = read(&[bytes]);
        let cut: Vec<&[u8]> = bytes.chunks(7).collect();
        assert_eq!(read(&cut), whole, "a stream says something else when it is cut");
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    crate::texts(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"Привет"},{"thought":true,"text":"x"},{"functionCall":{"name":"remember","args":{"a":1}},"thoughtSignature":"s"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4294967295,"totalTokenCount":1}}"#,
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"При\"}]}}]}\r\n\r\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"вет\"}]},\"finishReason\":\"MAX_TOKENS\"}]}\r\n\r\n",
        r#"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]},"finishReason":"STOP"}]}"#,
        r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#,
        r#"{"error":{"code":429,"message":"Please retry in 1.5s.","details":[{"@type":"x.RetryInfo","retryDelay":"1e99s"}]}}"#,
        r#"{"choices":[{"message":{"content":"Hi","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"completion_tokens_details":{"reasoning_tokens":4294967295}}}"#,
        ": PROCESSING\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hi\",\"tool_calls\":[{\"index\":18446744073709551615,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n\ndata: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"b\",\"function\":{\"name\":\"g\"}}]}}]}\n\ndata: [DONE]\n\n",
        r#"{"error":{"message":"no","code":"insufficient_quota"}}"#,
    ])
}
