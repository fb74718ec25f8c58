//! Do people find their way with a real browser, on a phone and on a desk, in light and in dark?

mod driver;
mod window;

use self::window::Window;
use crate::world::{Backend, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_that_need_nobody_read_well() {
    let world = World::new(Backend::Sqlite).await;
    let window = Window::open().await;
    window.go(&format!("{}/help", world.base)).await;
    window.look("help").await;
    window.go(&format!("{}/privacy", world.base)).await;
    window.look("privacy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_page_is_found() {
    let window = Window::open().await;
    let html = "<!doctype html><html lang=en><title>Wrong</title><main><h1>Wrong</h1><p style='width:1500px;color:gray'>wide\
                <img src=data:image/png;base64,AAAA></p></main><script>nobody()</script>";
    window.go(&format!("data:text/html,{html}")).await;
    let faults = window.faults("wrong").await.join("\n");
    assert!(faults.contains("px wide"), "{faults}");
    assert!(faults.contains("nobody is not defined"), "{faults}");
    assert!(faults.contains("image-alt") || !window.has_axe(), "{faults}");
}
