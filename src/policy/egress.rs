//! Where deliveries may go: schemes and addresses.
