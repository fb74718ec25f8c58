//! What can a person do with a page, and how does it look to them? At two sizes, light and dark.

use std::{path::Path, time::Duration};

use data_encoding::BASE64;
use fantoccini::{Client, Locator, elements::Element};
use serde_json::{Value, json};

use super::driver::Driver;

/// A view that pages are looked at in: name, width, height, and the color scheme the person prefers.
struct View(&'static str, u32, u32, &'static str);

const PHONE: View = View("phone-light", 390, 844, "light");
const VIEWS: [View; 4] = [
    View("phone-dark", 390, 844, "dark"),
    View("desktop-dark", 1280, 900, "dark"),
    View("desktop-light", 1280, 900, "light"),
    PHONE,
];

/// Pages appear within this time, on a machine that compiles something else besides.
const PATIENCE: Duration = Duration::from_secs(20);

/// One browser window, a phone's until somebody says otherwise.
pub struct Window {
    driver: Driver,
    client: Client,
    axe: Option<String>,
}

impl Window {
    pub async fn open() -> Self {
        let (driver, client) = Driver::start().await;
        let window = Self { driver, client, axe: axe() };
        window.set(&PHONE).await;
        window
    }

    /// From here on no page's script runs, as where somebody has turned them off.
    pub async fn without_script(mut self) -> Self {
        self.driver.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
        // The checks are a script of the page's, too; the same pages were checked with it.
        self.axe = None;
        self
    }

    /// What the device says about where it is.
    pub async fn stands_in(&self, zone: &str) {
        self.driver.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": zone })).await;
    }

    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Presses the button, or follows the link, that reads so.
    pub async fn press(&self, text: &str) {
        let reads = format!("contains(normalize-space(.), {text:?})");
        let element = self.find(&format!("//main//*[self::button or self::a or self::summary][{reads}]")).await;
        self.press_on(&element).await;
    }

    /// Presses the button that reads so to those who do not see it.
    pub async fn press_labeled(&self, label: &str) {
        let element = self.find(&format!("//main//button[@aria-label={label:?}]")).await;
        self.press_on(&element).await;
    }

    /// Writes into the field of that name, and over what is there.
    pub async fn write(&self, name: &str, text: &str) {
        let field = self.find(&format!("//main//*[@name={name:?} and not(@type='hidden')]")).await;
        let kind = field.attr("type").await.unwrap().unwrap_or_default();
        if kind == "date" || kind == "time" {
            // What a person types here depends on the language of the browser; what it stores does not.
            let script =
                "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', { bubbles: true }))";
            self.client.execute(script, vec![serde_json::to_value(&field).unwrap(), json!(text)]).await.unwrap();
        } else {
            field.clear().await.unwrap();
            field.send_keys(text).await.unwrap();
        }
    }

    /// Takes one of a list.
    pub async fn select(&self, name: &str, value: &str) {
        self.find(&format!("//main//select[@name={name:?}]")).await.select_by_value(value).await.unwrap();
    }

    /// Ticks a box, or takes the one of several that has this value.
    pub async fn tick(&self, name: &str, value: &str) {
        let of_value = if value.is_empty() { String::new() } else { format!("[@value={value:?}]") };
        let field = self.find(&format!("//main//input[@name={name:?}]{of_value}")).await;
        if !field.is_selected().await.unwrap() {
            self.press_on(&field).await;
        }
    }

    /// Waits for the page whose heading reads so.
    pub async fn arrives_at(&self, heading: &str) {
        let path = format!("//h1[contains(normalize-space(.), {heading:?})]");
        if self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(&path)).await.is_err() {
            panic!("no page {heading:?} came; this one is there: {}", self.text().await);
        }
    }

    /// Waits until these words stand on the page: for a page that answers under the same heading.
    pub async fn reads(&self, words: &str) {
        let path = format!("//body//*[contains(normalize-space(.), {words:?})]");
        if self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(&path)).await.is_err() {
            panic!("nobody reads {words:?} here: {}", self.text().await);
        }
    }

    /// What a person reads on the page.
    pub async fn text(&self) -> String {
        self.run("return document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// What a field holds.
    pub async fn value(&self, name: &str) -> String {
        let field = self.find(&format!("//main//*[@name={name:?}]")).await;
        field.prop("value").await.unwrap().unwrap_or_default()
    }

    /// Looks at the page in every view: takes pictures, and finds what a machine can find. Leaves the phone's behind.
    pub async fn look(&self, name: &str) {
        let faults = self.faults(name).await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// The same at both sizes, in light alone: for the pages whose colors are those of the others.
    pub async fn glance(&self, name: &str) {
        let faults = self.faults_among(name, &VIEWS[2..]).await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// What `look` objects to.
    pub async fn faults(&self, name: &str) -> Vec<String> {
        self.faults_among(name, &VIEWS).await
    }

    async fn faults_among(&self, name: &str, views: &[View]) -> Vec<String> {
        let page = self.client.current_url().await.unwrap().to_string();
        let mut faults = Vec::new();
        for view in views {
            self.set(view).await;
            let seen = self.faults_in(view).await;
            faults.extend(seen.into_iter().map(|fault| format!("{name}, {}: {fault}", view.0)));
            self.picture(&format!("{name}--{}", view.0)).await;
        }
        faults.extend(self.driver.complaints(&page).await.into_iter().map(|complaint| format!("{name}: {complaint}")));
        faults
    }

    pub fn has_axe(&self) -> bool {
        self.axe.is_some()
    }

    async fn set(&self, &View(_, width, height, scheme): &View) {
        let is_phone = width < 500;
        let scale = if is_phone { 2 } else { 1 };
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": is_phone });
        self.driver.devtools("Emulation.setDeviceMetricsOverride", screen).await;
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.driver.devtools("Emulation.setEmulatedMedia", media).await;
        // Colors glide from one scheme to the other: half way they have no contrast.
        let still = "const all = document.getAnimations().filter(one => one.effect.getComputedTiming().endTime < 5000);
            return Promise.all(all.map(one => one.finished.catch(() => null))).then(() => true)";
        self.run(still).await;
    }

    async fn faults_in(&self, view: &View) -> Vec<String> {
        let mut faults = Vec::new();
        let width = self.run("return document.documentElement.scrollWidth").await;
        if width.as_u64() > Some(view.1.into()) {
            faults.push(format!("{width} px wide"));
        }
        let dark = self.run("return matchMedia('(prefers-color-scheme: dark)').matches").await;
        assert_eq!(dark, view.3 == "dark", "the browser prefers what it was told");
        if let Some(axe) = &self.axe {
            self.run(axe).await;
            for violation in self.violations().await {
                faults.push(format!("axe: {violation}"));
            }
        }
        faults
    }

    async fn violations(&self) -> Vec<String> {
        const RUN: &str = "const done = arguments[arguments.length - 1];
            axe.run({ preload: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
               .then(found => done(found.violations.map(v => `${v.id} at ${v.nodes.map(n => n.target.join(' ')).join(', ')}: ${v.help}`)),
                     error => done([String(error)]))";
        let found = self.client.execute_async(RUN, vec![]).await.unwrap();
        serde_json::from_value(found).expect("a list of sentences")
    }

    /// The whole page, as `browser/NAME.png` in the target folder.
    async fn picture(&self, name: &str) {
        self.run("return document.fonts.ready.then(() => true)").await;
        let size = self.run("const e = document.documentElement; return [e.clientWidth, e.scrollHeight]").await;
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let shot = self
            .driver
            .devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true, "clip": clip }))
            .await;
        let bytes = BASE64.decode(shot["data"].as_str().expect("a picture in base64").as_bytes()).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }

    async fn find(&self, path: &str) -> Element {
        match self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(path)).await {
            Ok(element) => element,
            Err(error) => panic!("{path} is not there ({error}) in: {}", self.text().await),
        }
    }

    async fn press_on(&self, element: &Element) {
        // A bar that stays at the bottom of a phone's screen must not lie over it.
        let middle = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
        self.client.execute(middle, vec![serde_json::to_value(element).unwrap()]).await.unwrap();
        element.click().await.unwrap();
    }

    async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }
}

/// The accessibility checks, which `tests/run` fetches; `None` where it could not, and it says so.
#[expect(clippy::disallowed_methods, reason = "the test command names the file in the environment")]
fn axe() -> Option<String> {
    let file = std::env::var("TRELLIS_TEST_AXE").ok()?;
    Some(std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("TRELLIS_TEST_AXE is {file}: {error}")))
}
