DROP INDEX payments_by_end;
ALTER TABLE payments DROP COLUMN recurs_until;
DROP INDEX payments_declined;
DROP INDEX payments_refunded;
DROP INDEX payments_refunding;
