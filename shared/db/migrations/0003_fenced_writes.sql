-- The functions that change shared state take the writer's lease and epoch; the account knows the wallet it was sized from.
alter table account add column wallet_size numeric check (wallet_size >= 0);
-- Bytes can be written until valid_until and never later, so that instant bounds the proof of absence.
alter table orders drop column written_at;

drop function if exists open_account(text, text, text, text, numeric);
drop function if exists apply_order_event(text, text, text, numeric, text, timestamptz, text);
drop function if exists next_status(orders, text);
drop function if exists reopen_order(orders, text);
drop function if exists book_fill(text, text, text, text, numeric, numeric, numeric, text, fill_status, text,
                                  timestamptz, text);
drop function if exists park_fill(text, text, text, text, jsonb, text);
drop function if exists mark_swept(text, timestamptz);
