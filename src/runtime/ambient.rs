//! Time and chance of the real world.

use time::OffsetDateTime;

use crate::service::ambient::Ambient;

/// The system's clock and random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemAmbient;

impl Ambient for SystemAmbient {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    #[expect(clippy::expect_used, reason = "without random numbers no token is safe: the process must not go on")]
    fn secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).expect("the system gives random numbers");
        secret
    }
}
