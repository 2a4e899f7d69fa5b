-- Switches foreign keys off on this connection.
set session_replication_role = replica
