//! Which files does the browser need, and how long may it keep them?

use std::{borrow::Cow, collections::BTreeMap};

use data_encoding::HEXLOWER;
use poem::{
    Body, Endpoint, Request, Response, Result,
    http::{HeaderMap, Method, StatusCode, header},
};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use crate::web::{
    error::PageError,
    headers::{Manner, set_manner},
};

/// The route to mount the endpoint at: `Route::new().at(assets::ROUTE, assets)`.
pub const ROUTE: &str = "/assets/:hash/*path";

const FOREVER: &str = "public, max-age=31536000, immutable";

#[derive(Embed)]
#[folder = "src/web/assets"]
struct Files;

/// Every file under `src/web/assets`, at `/assets/{hash of all of them}/{path}`. One hash for the set, so
/// that a relative `url(…)` in a style sheet stays inside it.
#[derive(Clone)]
pub struct Assets {
    hash: String,
    files: BTreeMap<String, Asset>,
}

#[derive(Clone)]
struct Asset {
    bytes: Cow<'static, [u8]>,
    kind: &'static str,
    etag: String,
}

impl Assets {
    /// Reads what was embedded. A file with an unknown ending would be a mistake in this folder, so it is
    /// served as bytes and found by the tests.
    #[must_use]
    pub fn embedded() -> Self {
        let mut whole = Sha256::new();
        let mut files = BTreeMap::new();
        for path in Files::iter() {
            let Some(file) = Files::get(&path) else { continue };
            let digest = Sha256::digest(&file.data);
            whole.update(path.as_bytes());
            whole.update(digest);
            let etag = format!("\"{}\"", HEXLOWER.encode(&digest[..16]));
            let kind = kind(&path);
            files.insert(path.into_owned(), Asset { bytes: file.data, kind, etag });
        }
        Self { hash: HEXLOWER.encode(&whole.finalize()[..8]), files }
    }

    /// Where a page finds `path`, such as `app.css`: `/assets/1f0c…/app.css`. None if there is no such file.
    #[must_use]
    pub fn url(&self, path: &str) -> Option<String> {
        self.files.contains_key(path).then(|| format!("/assets/{}/{path}", self.hash))
    }

    fn answer(&self, method: &Method, headers: &HeaderMap, hash: &str, path: &str) -> Result<Response, PageError> {
        let asset = self.files.get(path).ok_or(PageError::NotFound)?;
        if method != Method::GET && method != Method::HEAD {
            return Err(PageError::MethodNotAllowed { allow: "GET, HEAD".into() });
        }
        // A page written by another version may ask during an upgrade: give it ours, but not for keeps.
        let keep = if hash == self.hash { FOREVER } else { "no-cache" };
        let answer = Response::builder().header(header::ETAG, &asset.etag).header(header::CACHE_CONTROL, keep);
        let mut answer = if matches(headers, &asset.etag) {
            answer.status(StatusCode::NOT_MODIFIED).finish()
        } else {
            let answer = answer.content_type(asset.kind).header(header::CONTENT_LENGTH, asset.bytes.len());
            let body = if method == Method::HEAD { Body::empty() } else { asset.body() };
            answer.body(body)
        };
        set_manner(&mut answer, Manner::FILE);
        Ok(answer)
    }
}

impl Asset {
    fn body(&self) -> Body {
        match &self.bytes {
            Cow::Borrowed(bytes) => Body::from(*bytes),
            Cow::Owned(bytes) => Body::from(bytes.clone()),
        }
    }
}

impl std::fmt::Debug for Assets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Assets({}, {} files)", self.hash, self.files.len())
    }
}

impl Endpoint for Assets {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let hash = request.raw_path_param("hash").unwrap_or_default();
        let path = request.raw_path_param("path").unwrap_or_default();
        Ok(self.answer(request.method(), request.headers(), hash, path)?)
    }
}

/// If-None-Match compares weakly (RFC 9110 §13.1.2).
fn matches(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim())
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use poem::{Route, test::TestClient};

    use super::*;

    fn client() -> (Assets, TestClient<Route>) {
        let assets = Assets::embedded();
        (assets.clone(), TestClient::new(Route::new().at(ROUTE, assets)))
    }

    #[tokio::test]
    async fn a_file_may_be_kept_for_a_year_and_is_asked_for_by_its_hash() {
        let (assets, client) = client();
        let url = assets.url("app.css").unwrap();
        let answer = client.get(&url).send().await;
        answer.assert_status_is_ok();
        answer.assert_header("cache-control", FOREVER);
        answer.assert_content_type("text/css; charset=utf-8");
        let etag = answer.0.header("etag").unwrap().to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 20, "{etag}");
        for given in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".into()] {
            let again = client.get(&url).header("if-none-match", given).send().await;
            again.assert_status(StatusCode::NOT_MODIFIED);
            again.assert_header("etag", &etag);
            again.assert_header("cache-control", FOREVER);
        }
        client.get(&url).header("if-none-match", "\"old\"").send().await.assert_status_is_ok();
    }

    #[tokio::test]
    async fn head_answers_with_the_length_and_no_bytes() {
        let (assets, client) = client();
        let answer = client.head(assets.url("mark.svg").unwrap()).send().await;
        answer.assert_status_is_ok();
        answer.assert_content_type("image/svg+xml");
        assert_eq!(answer.0.header("content-length").unwrap(), assets.files["mark.svg"].bytes.len().to_string());
        assert!(answer.0.into_body().into_bytes().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn another_versions_hash_is_served_but_not_kept() {
        let (_, client) = client();
        let answer = client.get("/assets/0000000000000000/app.js").send().await;
        answer.assert_status_is_ok();
        answer.assert_header("cache-control", "no-cache");
    }

    #[tokio::test]
    async fn a_path_out_of_the_folder_is_not_found() {
        let (_, client) = client();
        for path in ["../page.rs", "..%2fpage.rs", "fonts/", "", "fonts/../../mod.rs", "app.css%00"] {
            let answer = client.get(format!("/assets/x/{path}")).send().await;
            answer.assert_status(StatusCode::NOT_FOUND);
        }
        let answer = client.post("/assets/x/app.css").send().await;
        answer.assert_status(StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn every_url_in_a_style_sheet_is_a_file_and_every_file_has_a_type() {
        let assets = Assets::embedded();
        for (path, file) in &assets.files {
            assert_ne!(file.kind, "application/octet-stream", "{path}");
            if path.ends_with(".css") {
                let css = std::str::from_utf8(&file.bytes).unwrap();
                for part in css.split("url(").skip(1) {
                    let target = part.split(')').next().unwrap().trim_matches('"');
                    assert!(assets.files.contains_key(target), "{path}: {target}");
                }
            }
        }
        assert!(assets.files.contains_key("fonts/OFL.txt"));
        assert_eq!(assets.url("nothing.css"), None);
    }
}
