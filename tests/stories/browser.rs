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
