-- People. A person is keyed by GitHub's numeric id; one made on the command line gets it at the
-- first sign-in under the same login.
create table users (
    id           uuid primary key,
    github_id    bigint constraint users_github_id_key unique,
    login        text not null constraint users_login_check check (login ~ '^[A-Za-z0-9][A-Za-z0-9-]{0,38}$'),
    display_name text not null constraint users_display_name_check check (char_length(display_name) between 1 and 200),
    avatar_url   text,
    is_admin     boolean not null default false,
    created_at   timestamptz not null default now(),
    last_seen_at timestamptz
);

create unique index users_login_key on users (lower(login));
