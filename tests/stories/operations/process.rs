//! What does the binary do, as an operator starts it, watches it and stops it?

use std::{
    io::Read,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Settings of a process, as variables of its environment.
pub type Settings = Vec<(&'static str, String)>;

/// A process that serves; its end is the end of the story.
pub struct Served {
    child: Child,
    log: Arc<Mutex<String>>,
    pub base: String,
}

pub fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn command(folder: &Path, settings: &Settings, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.current_dir(folder).args(arguments).env_clear();
    command.envs(settings.iter().map(|(name, value)| (*name, value.as_str())));
    command
}

/// Runs a command to its end.
pub fn trellis(folder: &Path, settings: &Settings, arguments: &[&str]) -> Output {
    command(folder, settings, arguments).stdin(Stdio::null()).output().unwrap()
}

/// What a command said, if it went well.
pub fn told(output: &Output) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    said
}

/// Why a command refused.
pub fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl Served {
    /// Starts `trellis serve`, and waits until it answers.
    pub async fn start(folder: &Path, settings: &Settings) -> Self {
        let listen = free_address();
        let base = format!("http://localhost:{}", listen.port());
        let mut settings = settings.clone();
        settings.extend([("TRELLIS_LISTEN", listen.to_string()), ("TRELLIS_BASE_URL", base.clone())]);
        let mut child = command(folder, &settings, &["serve"]).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (mut from, to) = (child.stderr.take().unwrap(), log.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 8_192];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                to.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
        });
        let served = Self { child, log, base };
        served.until(|| async { served.status("/health/live").await == Some(200) }).await;
        served
    }

    pub async fn status(&self, path: &str) -> Option<u16> {
        let answer = reqwest::get(format!("{}{path}", self.base)).await.ok()?;
        Some(answer.status().as_u16())
    }

    pub async fn text(&self, path: &str) -> String {
        reqwest::get(format!("{}{path}", self.base)).await.unwrap().text().await.unwrap()
    }

    pub async fn until<F: Future<Output = bool>>(&self, there: impl Fn() -> F) {
        let began = Instant::now();
        while !there().await {
            assert!(began.elapsed() < Duration::from_secs(30), "never came to it: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn number(&self) -> u32 {
        self.child.id()
    }

    pub fn ask_to_stop(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
    }

    /// How it ended, and how long that took.
    pub async fn ended(&mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, began.elapsed());
            }
            assert!(began.elapsed() < Duration::from_secs(40), "it does not stop: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}
