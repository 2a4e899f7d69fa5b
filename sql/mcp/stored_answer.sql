-- What the call with this idempotency key answered.
--
-- $1 project   $2 token   $3 key
select k.tool,
       k.arguments_hash,
       k.result as "result!: sqlx::types::Json<serde_json::Value>"
from idempotency_keys k
where k.project_id = $1
  and k.token_id   = $2
  and k.key        = $3
