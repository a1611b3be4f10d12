-- Payments are listed by what became of them: what is rare among many is found by an index of it. Ids grow with time.
CREATE INDEX payments_refunding ON payments (id) WHERE refund_begun_at IS NOT NULL AND refunded_at IS NULL;
CREATE INDEX payments_refunded ON payments (id) WHERE refunded_at IS NOT NULL;
CREATE INDEX payments_declined ON payments (id) WHERE declined_at IS NOT NULL AND refunded_at IS NULL;
COMMENT ON INDEX payments_refunding IS 'For those that are being given back.';
COMMENT ON INDEX payments_refunded IS 'For those that were.';
COMMENT ON INDEX payments_declined IS 'For those that were wanted back and stay paid.';

-- What recurs is apart from which days a payment gives: days wait for what was given, and last for as long. Of what was paid before this
-- column was, months come one after another, as if what was given back since had not been among them. They are few.
ALTER TABLE payments ADD COLUMN recurs_until timestamptz;
UPDATE payments p SET recurs_until = o.recurs_until
FROM (
    SELECT id, max(paid_at - place * interval '720 hours') OVER (PARTITION BY user_id, is_back ORDER BY place)
               + (place + 1) * interval '720 hours' AS recurs_until
    FROM (
        SELECT id, user_id, paid_at, refunded_at IS NOT NULL AS is_back,
               row_number() OVER (PARTITION BY user_id, refunded_at IS NOT NULL ORDER BY paid_at, id) AS place
        FROM payments WHERE matched AND user_id IS NOT NULL AND covers_until IS NOT NULL) numbered) o
WHERE p.id = o.id;
CREATE INDEX payments_by_end ON payments ((COALESCE(recurs_until, covers_until)));
COMMENT ON COLUMN payments.recurs_until IS 'Until when it is counted as what recurs: thirty days from when it was paid, or from where the payment before ends; earlier, where premium was ended. NULL, of what a version before wrote, for covers_until.';
COMMENT ON INDEX payments_by_end IS 'For what recurs at a moment, and for what has ended since.';
