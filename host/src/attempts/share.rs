//! Weighted rendezvous hashing: a session always meets the same one of several, sessions are spread by weight, and nothing has
//! to be remembered. When one of them goes away, only its sessions move.

use super::place::hash;

/// The rank of one of several for a session; the lowest goes first. With weight 0 it goes last.
pub(super) fn rank(session: u64, one: u64, weight: u32) -> f64 {
    if weight == 0 {
        return f64::INFINITY;
    }
    // 53 bits, as many as a double holds exactly, and never 0, whose logarithm is infinite.
    let bits = hash(&[&session.to_le_bytes(), &one.to_le_bytes()]) >> 11;
    let fraction = (bits as f64 + 0.5) / (1u64 << 53) as f64;
    -fraction.ln() / f64::from(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(session: u64, weights: &[u32]) -> usize {
        let rank = |at: &usize| rank(session, *at as u64, weights[*at]);
        (0..weights.len()).min_by(|a, b| rank(a).total_cmp(&rank(b))).unwrap_or_default()
    }

    #[test]
    fn sessions_are_spread_by_weight() {
        let mut counts = [0; 3];
        for session in 0..10_000 {
            counts[first(session, &[1, 3, 0])] += 1;
        }
        assert!((2300..2700).contains(&counts[0]) && counts[2] == 0, "{counts:?}");
    }

    #[test]
    fn only_the_sessions_of_one_that_leaves_move() {
        for session in 0..1000 {
            let before = first(session, &[1, 1, 1]);
            let after = first(session, &[1, 1, 0]);
            assert!(before == 2 || before == after, "session {session} moved from {before} to {after}");
        }
    }
}
