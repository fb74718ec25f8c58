//! How is what many ask for in the same moment done for all of them in one go?
//!
//! Whoever asks leaves the question on the pile of its key and waits for a turn. Who has the turn takes along what
//! lies there; while that is worked on, others come and wait, and the next of them takes theirs. There is no timer:
//! one who is alone waits for nobody. What is read was read after it was asked for, so nobody is told of yesterday.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    hash::Hash,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::{Either, select};
use sea_orm::{DbErr, RuntimeErr};
use tokio::sync::oneshot;

use super::Error;

/// At most so many are worked on in one go. A power of two, and so is what is taken: statements over many rows then
/// come in few lengths, and each length is prepared once.
const MOST: usize = 64;

/// Piles of questions `Q` about keys `K`, each answered by an `A`.
pub struct Gather<K, Q, A>(Mutex<HashMap<K, Arc<Pile<Q, A>>>>);

struct Pile<Q, A> {
    waiting: Mutex<VecDeque<(Q, oneshot::Sender<A>)>>,
    turn: tokio::sync::Mutex<()>,
}

impl<Q, A> Default for Pile<Q, A> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }
}

impl<K, Q, A> Default for Gather<K, Q, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K, Q, A> fmt::Debug for Gather<K, Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gather")
    }
}

impl<K: Hash + Eq + Clone, Q, A> Gather<K, Q, A> {
    /// `work` answers each question, in their order: that in which they came. `None`: who worked for all went away
    /// in the middle of it.
    pub async fn ask<F>(&self, key: K, question: Q, work: impl Fn(Vec<Q>) -> F) -> Option<A>
    where
        F: Future<Output = Vec<A>>,
    {
        let pile = self.pile(&key);
        let (tell, mut told) = oneshot::channel();
        pile.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((question, tell));
        let answer = loop {
            // Who is answered while others work waits for no turn.
            match select(&mut told, pin!(pile.turn.lock())).await {
                Either::Left((answer, _)) => break answer.ok(),
                Either::Right((_turn, _)) => {
                    let (questions, waiting): (Vec<Q>, Vec<_>) = pile.take().into_iter().unzip();
                    if questions.is_empty() {
                        break told.try_recv().ok();
                    }
                    for (answer, tell) in work(questions).await.into_iter().zip(waiting) {
                        let _gone = tell.send(answer);
                    }
                }
            }
        };
        drop(pile);
        self.forget(&key);
        answer
    }

    fn pile(&self, key: &K) -> Arc<Pile<Q, A>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default().clone()
    }

    /// A pile at which nobody stands is put away.
    fn forget(&self, key: &K) {
        let mut piles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if piles.get(key).is_some_and(|pile| Arc::strong_count(pile) == 1) {
            piles.remove(key);
        }
    }
}

impl<Q, A> Pile<Q, A> {
    /// Those who came first and are still there.
    fn take(&self) -> Vec<(Q, oneshot::Sender<A>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(_, tell)| !tell.is_closed());
        let most = waiting.len().min(MOST);
        let taken = most.checked_ilog2().map_or(0, |power| 1 << power);
        waiting.drain(..taken).collect()
    }
}

/// What the database said to all who asked together.
pub type Shared<T> = std::result::Result<T, Arc<DbErr>>;

/// The same error for each of them.
#[must_use]
pub fn shared(error: Error) -> Arc<DbErr> {
    match error {
        Error::Lost(error) => error,
        Error::Database(error) => Arc::new(error),
        Error::SentBefore => Arc::new(DbErr::Custom(error.to_string())),
    }
}

/// Of whoever worked for all and went away; or what they found.
pub fn told<T>(answer: Option<Shared<T>>) -> super::Result<T> {
    let stopped = || DbErr::Conn(RuntimeErr::Internal("who asked for all was stopped".to_owned()));
    answer.unwrap_or_else(|| Err(Arc::new(stopped()))).map_err(Error::Lost)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_are_answered_in_few_goes_each_with_its_own_answer() {
        let (gather, goes) = (Arc::new(Gather::<(), usize, usize>::default()), Arc::new(AtomicUsize::new(0)));
        let asking = (0..200_usize).map(|number| {
            let (gather, goes) = (gather.clone(), goes.clone());
            tokio::spawn(async move {
                let double = |all: Vec<usize>| async {
                    goes.fetch_add(1, Ordering::Relaxed);
                    assert!(all.len() <= MOST && all.is_sorted());
                    tokio::task::yield_now().await;
                    all.into_iter().map(|number| number * 2).collect()
                };
                gather.ask((), number, double).await
            })
        });
        for (number, task) in asking.collect::<Vec<_>>().into_iter().enumerate() {
            assert_eq!(task.await.unwrap(), Some(number * 2));
        }
        assert!(goes.load(Ordering::Relaxed) < 20, "{goes:?}");
        assert!(gather.0.lock().unwrap().is_empty(), "no pile is left behind");
    }

    #[tokio::test]
    async fn who_goes_away_is_left_out_and_holds_nobody_up() {
        let gather = Arc::new(Gather::<(), usize, usize>::default());
        let (first, asked) = (gather.clone(), gather.clone());
        let stuck =
            tokio::spawn(
                async move { first.ask((), 1, |_| async { std::future::pending::<Vec<usize>>().await }).await },
            );
        tokio::task::yield_now().await;
        let waits = tokio::spawn(async move { asked.ask((), 2, |all| async { all }).await });
        tokio::task::yield_now().await;
        stuck.abort();
        assert_eq!(waits.await.unwrap(), Some(2), "the turn goes on");
        assert!(gather.0.lock().unwrap().len() <= 1);
    }
}
