-- Payments are listed by what became of them: what is rare among many is found by an index of it. Ids grow with time.
CREATE INDEX payments_refunding ON payments (id) WHERE refund_begun_at IS NOT NULL AND refunded_at IS NULL;
CREATE INDEX payments_refunded ON payments (id) WHERE refunded_at IS NOT NULL;
CREATE INDEX payments_declined ON payments (id) WHERE declined_at IS NOT NULL AND refunded_at IS NULL;
COMMENT ON INDEX payments_refunding IS 'For those that are being given back.';
COMMENT ON INDEX payments_refunded IS 'For those that were.';
COMMENT ON INDEX payments_declined IS 'For those that were wanted back and stay paid.';
