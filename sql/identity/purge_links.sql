-- Removes sign-in links that have expired, used or not.
--
-- $1 this moment
delete from sign_in_links
where expires_at <= $1
