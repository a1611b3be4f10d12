DROP INDEX payments_declined;
DROP INDEX payments_refunded;
DROP INDEX payments_refunding;
