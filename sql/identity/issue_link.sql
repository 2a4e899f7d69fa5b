-- Stores a fresh sign-in link.
--
-- $1 hash of the secret   $2 person   $3 expiry
insert into sign_in_links (key_hash, user_id, expires_at)
values ($1, $2, $3)
