-- Switches foreign keys on again.
set session_replication_role = origin
