-- A task with everything of its own, names beside ids: what reading one task answers, and a claim,
-- which so needs no second statement while it holds the row.
--
-- A type, so that both are read by the same code; later versions add attributes at its end.
create type whole_task as (
    id                 uuid,
    number             integer,
    key                text,
    type               text,
    title              text,
    state              text,
    priority           smallint,
    priority_key       text,
    ready              boolean,
    parent_id          uuid,
    parent_key         text,
    parent_title       text,
    target_role_id     uuid,
    target_role        text,
    assignee_id        uuid,
    assignee           text,
    holder             text,
    holder_token       text,
    holder_token_id    uuid,
    claimed_at         timestamptz,
    lease_expires_at   timestamptz,
    progress_note      text,
    cycle_id           uuid,
    cycle_name         text,
    open_prerequisites integer,
    open_children      integer,
    started_at         timestamptz,
    closed_at          timestamptz,
    version            integer,
    created_at         timestamptz,
    updated_at         timestamptz,
    edited_at          timestamptz,
    description        text,
    creator            text,
    creator_token      text,
    editor             text,
    editor_token       text,
    comment_count      bigint,
    commit_count       bigint
);

-- Reads one task.
--
-- In PL/pgSQL, whose statements see what the calling one has written, and what others have committed
-- since that one began: a claim that waited for the row answers what is there now. It also keeps its
-- plan, which takes longer to make than to carry out.
create function whole_task(project uuid, task uuid) returns setof whole_task language plpgsql strict rows 1 as $$
begin
    return query
    select t.id,
           t.number,
           p.key || '-' || t.number,
           t.type,
           t.title,
           t.state,
           t.priority,
           (select b.key from buckets b where b.project_id = project and b.value = t.priority),
           t.ready,
           t.parent_id,
           p.key || '-' || parent.number,
           parent.title,
           t.target_role_id,
           (select r.key from roles r where r.project_id = project and r.id = t.target_role_id),
           t.assignee_id,
           (select u.login from users u where u.id = t.assignee_id),
           (select u.login from users u where u.id = t.holder_user_id),
           (select k.name from tokens k where k.project_id = project and k.id = t.holder_token_id),
           t.holder_token_id,
           t.claimed_at,
           t.lease_expires_at,
           t.progress_note,
           t.cycle_id,
           c.name,
           t.open_prerequisites,
           t.open_children,
           t.started_at,
           t.closed_at,
           t.version,
           t.created_at,
           t.updated_at,
           t.edited_at,
           x.description,
           (select u.login from users u where u.id = t.created_by_user_id),
           (select k.name from tokens k where k.project_id = project and k.id = t.created_by_token_id),
           (select u.login from users u where u.id = t.edited_by_user_id),
           (select k.name from tokens k where k.project_id = project and k.id = t.edited_by_token_id),
           (select count(*) from task_comments m where m.project_id = project and m.task_id = task),
           (select count(*) from task_commits m where m.project_id = project and m.task_id = task)
    from tasks t
    join projects p on p.id = project
    join cycles c on c.project_id = project and c.id = t.cycle_id
    join task_texts x on x.project_id = project and x.task_id = t.id
    left join tasks parent on parent.project_id = project and parent.id = t.parent_id
    where t.project_id = project
      and t.id = task
      and t.deleted_at is null;
end
$$;
