//! Waiting for something to come true.

use std::thread;
use std::time::{Duration, Instant};

/// Asks again and again until there is an answer. After `limit` it gives up, with what the last look saw.
pub(crate) fn until<T, W>(
    limit: Duration,
    every: Duration,
    mut look: impl FnMut() -> Result<T, W>,
) -> Result<T, W> {
    let deadline = Instant::now() + limit;
    loop {
        match look() {
            Ok(found) => return Ok(found),
            Err(seen) if Instant::now() >= deadline => return Err(seen),
            Err(_) => thread::sleep(every),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_until_it_is_so_and_not_for_ever() {
        let mut looks = 0;
        let third = until(Duration::from_secs(60), Duration::ZERO, || {
            looks += 1;
            if looks == 3 { Ok(looks) } else { Err(looks) }
        });
        assert_eq!(third, Ok(3));
        let never = until(Duration::from_millis(5), Duration::from_millis(1), || Err::<(), _>("no"));
        assert_eq!(never, Err("no"));
    }
}
