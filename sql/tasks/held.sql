-- The tasks that a token holds right now, oldest claim first.
--
-- $1 project   $2 token
select c.key              as "key!",
       c.title            as "title!",
       c.claim_id         as "claim_id!: ClaimId",
       c.lease_expires_at as "lease_expires_at?"
from task_cards c
where c.project_id = $1
  and c.holder_token_id = $2
  and c.claim_id is not null
order by c.claimed_at
limit 100
