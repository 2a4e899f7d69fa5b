-- Lets the statements of this transaction run for a minute: what touches every task of a large
-- project takes seconds, where every other statement takes milliseconds and is cut off early.
select set_config('statement_timeout', '60s', true) as "set!"
