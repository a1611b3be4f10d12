//! The panel's style sheet, its script and its icon, compiled in.
//!
//! Their addresses hold a hash of what they are, so that a browser may keep them for good, and a new version is another address.
//! During a rolling update a page of one version may ask the other for its files: whatever the hash, who asks gets what there is, and
//! keeps it only where the hash is right.

use std::{fmt::Write as _, sync::LazyLock};

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest as _, Sha256};

/// A year, and whoever has it need not ask again.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
/// Where the files are.
const FOLDER: &str = "/admin/panel/assets";

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
    hash: String,
    address: String,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset("panel.css", "text/css; charset=utf-8", include_str!("assets/panel.css")),
        asset("panel.js", "text/javascript; charset=utf-8", include_str!("assets/panel.js")),
        asset("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ]
});

fn asset(name: &'static str, kind: &'static str, text: &'static str) -> Asset {
    let mut hash = String::new();
    for byte in Sha256::digest(text.as_bytes()).iter().take(8) {
        let _ = write!(hash, "{byte:02x}");
    }
    let address = format!("{FOLDER}/{hash}/{name}");
    Asset { name, kind, text, hash, address }
}

/// The addresses of the style sheet, the script and the icon.
#[must_use]
pub fn addresses() -> [&'static str; 3] {
    let [style, script, icon] = &*ASSETS;
    [&style.address, &script.address, &icon.address]
}

/// `GET /admin/panel/assets/{hash}/{name}`: one of the files. It says nothing of anybody, and so asks nobody who they are.
pub async fn get(Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", asset.hash);
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, asset.kind)], asset.text).into_response()
    };
    let kept = if hash == asset.hash { FOR_GOOD } else { "no-store" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_for_good_is_what_its_address_says() {
        let asset = &ASSETS[0];
        let ask = |hash: &str, headers: HeaderMap| get(Path((hash.to_owned(), asset.name.to_owned())), headers);
        let right = ask(&asset.hash, HeaderMap::new()).await;
        assert_eq!(
            (right.status(), &right.headers()[header::CACHE_CONTROL]),
            (StatusCode::OK, &HeaderValue::from_static(FOR_GOOD))
        );
        let other = ask("0000", HeaderMap::new()).await;
        assert_eq!(other.headers()[header::CACHE_CONTROL], "no-store");
        let known = HeaderMap::from_iter([(header::IF_NONE_MATCH, right.headers()[header::ETAG].clone())]);
        assert_eq!(ask(&asset.hash, known).await.status(), StatusCode::NOT_MODIFIED);
        let none = get(Path(("0".into(), "../x".into())), HeaderMap::new()).await;
        assert_eq!(none.status(), StatusCode::NOT_FOUND);
    }

    /// The policy allows neither, and a browser would say so in its console alone.
    #[test]
    fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
        for asset in ASSETS.iter().filter(|asset| asset.name != "icon.svg") {
            assert!(!asset.text.contains("http"), "{}", asset.name);
            assert!(!asset.text.contains("setAttribute('style"), "{}", asset.name);
        }
    }
}
