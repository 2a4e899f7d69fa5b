-- Takes administration from a person, except from the last administrator; answers whether it was
-- that one, and nothing when there is no such person.
--
-- The lock of lock_people.sql is held, so nobody else's change can be under way.
--
-- $1 person
with person as (
    select u.id,
           u.is_admin and not exists (select from users o where o.is_admin and o.id <> $1) as is_last
    from users u
    where u.id = $1
),
revoked as (
    update users u
    set is_admin = false
    from person
    where u.id = person.id
      and not person.is_last
)
select is_last as "is_last!" from person
