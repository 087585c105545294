//! Reloads and probes against real processes and listeners.
