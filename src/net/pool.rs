//! How many connections stay open, over all hosts together, and what happens when this process may open no more files.
//!
//! The HTTP client bounds its unused connections per host only: ten thousand hosts would keep ten thousand of them. So
//! a request that may leave its connection behind takes a *place* for it, of which there is a fixed number. One that
//! gets none goes by a client that keeps nothing:
//!
//! ```text
//! request -> a place of its host that is free, else a new one -> the client with a pool
//!        \-> all are taken --------------------------------> the client without: its connection closes with the answer
//! ```
//!
//! So at most as many connections are open as there are places and attempts in flight. (A connection under way that its
//! request no longer needs, since another became free, goes unused to the pool: it may be one more for some seconds.)

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use url::{Position, Url};

/// How long an unused connection is kept. Many servers close theirs after 5 s (Node.js, Apache httpd). One that closes
/// in the moment in which we write cannot be told from one that died while it worked, so that attempt fails: we let go
/// first.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// When an unused connection is surely closed: the client looks after them once per time-out.
const SURELY_CLOSED: Duration = Duration::from_secs(2 * IDLE_TIMEOUT.as_secs() + 1);

/// How long no connection is kept after this process was out of file descriptors.
const THRIFT: Duration = Duration::from_secs(30);

/// The places of one pool.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Places of requests under way, and those whose connection may still be open.
    taken: usize,
    /// When the free places of each host end, the latest last.
    free: HashMap<Arc<str>, VecDeque<Instant>>,
    /// The same over all hosts, in order. It may name places that have been taken again meanwhile.
    ends: VecDeque<(Instant, Arc<str>)>,
    /// The last time that descriptors were out.
    short_at: Option<Instant>,
}

/// A place for one connection to one host. It is kept as long as the connection may be open.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    host: Arc<str>,
}

impl Places {
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, state: Mutex::default() })
    }

    /// A place for a request to this URL, if there is one.
    pub fn take(self: &Arc<Self>, url: &Url, now: Instant) -> Option<Place> {
        let mut state = self.state();
        state.end(now);
        let name = &url[Position::BeforeScheme..Position::BeforePath];
        let host = match state.free.get_key_value(name) {
            Some((host, _)) => {
                let host = Arc::clone(host);
                state.take_free(&host);
                host
            }
            None if state.taken < self.most && !state.is_thrifty(now) => {
                state.taken += 1;
                Arc::from(name)
            }
            None => return None,
        };
        Some(Place { places: Arc::clone(self), host })
    }

    /// Notes that descriptors are out. Says whether that is news.
    pub fn run_short(&self, now: Instant) -> bool {
        let mut state = self.state();
        let is_news = !state.is_thrifty(now);
        state.short_at = Some(now);
        is_news
    }

    /// Whether descriptors were out a short time ago.
    pub fn is_short(&self, now: Instant) -> bool {
        self.state().is_thrifty(now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step of it can be left half done by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Gives up the places whose connections are closed by now.
    fn end(&mut self, now: Instant) {
        while self.ends.front().is_some_and(|(end, _)| *end <= now)
            && let Some((end, host)) = self.ends.pop_front()
        {
            if let Some(free) = self.free.get_mut(&host)
                && free.front() == Some(&end)
            {
                free.pop_front();
                self.taken -= 1;
                if free.is_empty() {
                    self.free.remove(&host);
                }
            }
        }
    }

    /// Takes the free place of this host whose connection was used last: it is the one that the client takes.
    fn take_free(&mut self, host: &Arc<str>) {
        if let Some(free) = self.free.get_mut(host) {
            free.pop_back();
            if free.is_empty() {
                self.free.remove(host);
            }
        }
    }

    fn is_thrifty(&self, now: Instant) -> bool {
        self.short_at.is_some_and(|at| now.saturating_duration_since(at) < THRIFT)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.places.state();
        // Under the lock, so that the ends are in order.
        let end = Instant::now() + SURELY_CLOSED;
        state.free.entry(Arc::clone(&self.host)).or_default().push_back(end);
        state.ends.push_back((end, Arc::clone(&self.host)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(host: &str) -> Url {
        Url::parse(&format!("https://user:pass@{host}/events?a=b")).unwrap()
    }

    #[test]
    fn there_are_no_more_places_than_there_are() {
        let (places, now) = (Places::new(2), Instant::now());
        let first = places.take(&url("a.example.com"), now).unwrap();
        let second = places.take(&url("a.example.com"), now).unwrap();
        assert!(places.take(&url("a.example.com"), now).is_none());
        drop(first);
        assert!(places.take(&url("b.example.com"), now).is_none(), "the connection to `a` may still be open");
        let first = places.take(&url("a.example.com"), now).unwrap();
        drop((first, second));
        assert_eq!(places.state().taken, 2);
    }

    #[test]
    fn a_place_ends_when_its_connection_is_surely_closed() {
        let places = Places::new(1);
        drop(places.take(&url("a.example.com"), Instant::now()));
        let before = Instant::now() + SURELY_CLOSED - Duration::from_secs(1);
        assert!(places.take(&url("b.example.com"), before).is_none());
        // Used again, it ends later.
        drop(places.take(&url("a.example.com"), before));
        let later = Instant::now() + SURELY_CLOSED;
        assert!(places.take(&url("b.example.com"), later).is_some());
        let state = places.state();
        assert_eq!((state.taken, state.free.len()), (1, 1), "only `b` has one, free again");
    }

    #[test]
    fn another_port_or_scheme_is_another_host() {
        let (places, now) = (Places::new(1), Instant::now());
        drop(places.take(&url("a.example.com"), now));
        assert!(places.take(&url("a.example.com:8443"), now).is_none());
        let mut http = url("a.example.com");
        http.set_scheme("http").unwrap();
        assert!(places.take(&http, now).is_none());
        assert!(places.take(&url("a.example.com"), now).is_some());
    }

    #[test]
    fn no_new_place_is_given_while_descriptors_are_short() {
        let (places, now) = (Places::new(8), Instant::now());
        drop(places.take(&url("a.example.com"), now));
        assert!(places.run_short(now));
        assert!(!places.run_short(now), "it is news once");
        assert!(places.take(&url("b.example.com"), now).is_none());
        assert!(places.take(&url("a.example.com"), now).is_some(), "its connection is open already");
        let later = now + THRIFT;
        assert!(places.take(&url("b.example.com"), later).is_some());
        assert!(places.run_short(later));
    }
}
