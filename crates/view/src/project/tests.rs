//! Stories of the projector on real runs.
