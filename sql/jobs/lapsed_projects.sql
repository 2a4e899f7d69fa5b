-- The projects in which at least one lease has run out, or whose task a token holds that has ended.
select distinct t.project_id as "project_id: crate::ids::ProjectId"
from tasks t
left join tokens k on k.project_id = t.project_id and k.id = t.holder_token_id
where t.claim_id is not null
  and (t.lease_expires_at < now()
       or t.holder_token_id is not null
          and (k.id is null or k.revoked_at is not null or k.expires_at <= now()))
