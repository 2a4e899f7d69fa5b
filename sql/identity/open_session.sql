-- Signs a person in, in one browser.
--
-- $1 id   $2 person   $3 hash of the secret   $4 summary of the browser   $5 this moment
insert into sessions (id, user_id, key_hash, browser, created_at, last_seen_at)
values ($1, $2, $3, $4, $5, $5)
