-- One task, whole.
--
-- $1 project   $2 task
select c.id                  as "id!: TaskId",
       c.number              as "number!",
       c.key                 as "key!",
       c.type                as "kind!: TaskType",
       c.title               as "title!",
       c.state               as "state!: TaskState",
       c.priority            as "priority!",
       c.priority_key        as "priority_key?",
       c.ready               as "ready!",
       c.parent_id           as "parent_id?: TaskId",
       c.parent_key          as "parent_key?",
       c.parent_title        as "parent_title?",
       c.target_role_id      as "target_role_id?: RoleId",
       c.target_role         as "target_role?",
       c.assignee_id         as "assignee_id?: UserId",
       c.assignee            as "assignee?",
       c.holder              as "holder?",
       c.holder_token        as "holder_token?",
       c.holder_token_id     as "holder_token_id?: TokenId",
       c.claimed_at          as "claimed_at?",
       c.lease_expires_at    as "lease_expires_at?",
       c.progress_note       as "progress_note?",
       c.cycle_id            as "cycle_id!: CycleId",
       cy.name               as "cycle_name",
       c.open_prerequisites  as "open_prerequisites!",
       c.open_children       as "open_children!",
       c.started_at          as "started_at?",
       c.closed_at           as "closed_at?",
       c.version             as "version!",
       c.created_at          as "created_at!",
       c.updated_at          as "updated_at!",
       c.edited_at           as "edited_at?",
       x.description,
       (select u.login from users u where u.id = c.created_by_user_id)                             as "creator?",
       (select k.name from tokens k where k.project_id = $1 and k.id = c.created_by_token_id)      as "creator_token?",
       (select u.login from users u where u.id = c.edited_by_user_id)                              as "editor?",
       (select k.name from tokens k where k.project_id = $1 and k.id = c.edited_by_token_id)       as "editor_token?",
       (select count(*) from task_comments m where m.project_id = $1 and m.task_id = $2) as "comment_count!",
       (select count(*) from task_commits m where m.project_id = $1 and m.task_id = $2)  as "commit_count!"
from task_cards c
join task_texts x on x.project_id = c.project_id and x.task_id = c.id
join cycles cy on cy.project_id = c.project_id and cy.id = c.cycle_id
where c.project_id = $1
  and c.id = $2
