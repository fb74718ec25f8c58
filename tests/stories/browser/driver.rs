//! How does a story get a browser? Debian's Chromium and its driver, started for one story and gone after it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

const DRIVER: &str = "/usr/bin/chromedriver";
const CHROMIUM: &str = "/usr/bin/chromium";

/// A driver on a free port, with one browser behind it. Both end when it is dropped.
pub struct Driver {
    child: Child,
    port: u16,
    session: String,
    plain: reqwest::Client,
    _profile: tempfile::TempDir,
}

impl Driver {
    /// Starts both, with an empty profile.
    pub async fn start() -> (Self, Client) {
        let (child, port) = listening();
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Self { child, port, session: String::new(), plain: reqwest::Client::new(), _profile: profile };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(driver.capabilities())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("{CHROMIUM} does not start: {error}"));
        driver.session = client.session_id().await.unwrap().expect("a session just made has an id");
        (driver, client)
    }

    fn capabilities(&self) -> serde_json::Map<String, Value> {
        let profile = format!("--user-data-dir={}", self._profile.path().display());
        // --no-sandbox: the tests may run as root. No QUIC, no updates, no sync: nothing but our own server is asked.
        let switches = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--hide-scrollbars",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--lang=en-US",
            &profile,
        ];
        let wanted = json!({
            "goog:chromeOptions": { "binary": CHROMIUM, "args": switches },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        wanted.as_object().expect("written as one").clone()
    }

    /// A command of the DevTools protocol: what WebDriver has no words for.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.ask("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// What a page complained about since the last call: scripts that failed, what the CSP refused, what is missing.
    /// That the page itself came with a 404 or 422 is no complaint.
    pub async fn complaints(&self, page: &str) -> Vec<String> {
        let log = self.ask("se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().expect("the log is a list").iter();
        let severe = entries.filter(|entry| entry["level"] == "SEVERE").map(|entry| entry["message"].to_string());
        severe.filter(|message| !message.starts_with(&format!("\"{page} - Failed to load resource"))).collect()
    }

    async fn ask(&self, what: &str, body: Value) -> Value {
        let url = format!("http://127.0.0.1:{}/session/{}/{what}", self.port, self.session);
        let answer: Value = self.plain.post(url).json(&body).send().await.unwrap().json().await.unwrap();
        assert!(answer["value"]["error"].is_null(), "{what}: {}", answer["value"]["message"]);
        answer["value"].clone()
    }
}

impl Drop for Driver {
    /// Asks it to leave, for then it takes its browser along; a killed driver leaves the browser behind.
    fn drop(&mut self) {
        if let Ok(mut line) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = line.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = line.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let _ = line.read(&mut [0; 512]);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A driver that listens, and where. Among many stories at once one ended without a port, which was seen once, and not
/// why: perhaps the port it found was held for IPv6. The next start finds another.
fn listening() -> (Child, u16) {
    let mut said = String::new();
    for _ in 0..10 {
        let mut child = Command::new(DRIVER)
            .args(["--port=0", "--log-level=SEVERE"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{DRIVER} does not start ({error}): run tests/run, which installs it"));
        match port_of(&mut child) {
            Ok(port) => return (child, port),
            Err(why) => said = why,
        }
        child.wait().expect("it was started here");
    }
    panic!("{DRIVER} ended ten times without a port: {said}");
}

/// The driver names the port it found on its standard output; the rest of what it says is read and dropped. Fails with
/// all it said when it ended without a port.
fn port_of(child: &mut Child) -> Result<u16, String> {
    let mut lines = BufReader::new(child.stdout.take().expect("piped above")).lines();
    let mut said = String::new();
    for line in lines.by_ref().map_while(Result::ok) {
        let port = line.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').parse());
        if let Some(Ok(port)) = port {
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(port);
        }
        said += &line;
    }
    Err(said)
}
