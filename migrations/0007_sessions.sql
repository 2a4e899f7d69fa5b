-- Browsers in which a person is signed in. The cookie's secret is known to the browser alone: its
-- HMAC under SESSION_KEY finds the row, so another key signs everybody out.
create table sessions (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    key_hash     bytea not null constraint sessions_key_hash_key unique
                 constraint sessions_key_hash_check check (octet_length(key_hash) = 32),
    browser      text not null constraint sessions_browser_check check (char_length(browser) between 1 and 60),
    created_at   timestamptz not null,
    last_seen_at timestamptz not null
);

create index sessions_user_id_idx on sessions (user_id);

-- One-time links, by which the operator of an instance without GitHub signs in.
create table sign_in_links (
    key_hash   bytea primary key constraint sign_in_links_key_hash_check check (octet_length(key_hash) = 32),
    user_id    uuid not null references users on delete cascade,
    expires_at timestamptz not null,
    used_at    timestamptz
);

-- A local person was made by a sign-in link. Its login is nobody's at GitHub, so nobody from there
-- may take the account over.
alter table users
    add column is_local    boolean not null default false,
    add column theme       text not null default 'auto'
                           constraint users_theme_check check (theme in ('auto', 'light', 'dark')),
    add column density     text not null default 'comfortable'
                           constraint users_density_check check (density in ('comfortable', 'compact')),
    add column single_keys boolean not null default true;

-- Logins of accounts that a company manages at GitHub have an underscore.
alter table users
    drop constraint users_login_check,
    add constraint users_login_check check (login ~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$');
