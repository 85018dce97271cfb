-- A fact leaves in the transaction that made it true; its service publishes it right after the commit.
create or replace function emit(
    p_subject text, p_schema text, p_key text, p_key_sequence bigint, p_producer text,
    p_correlation_id text, p_causation_id text, p_occurred_at timestamptz, p_body jsonb)
returns void language plpgsql as $$
begin
    insert into outbox (message_id, subject, schema, key, key_sequence, producer, correlation_id, causation_id,
                        occurred_at, body)
    values (p_schema || '/' || p_key || '/' || p_key_sequence, p_subject, p_schema, p_key, p_key_sequence,
            p_producer, p_correlation_id, p_causation_id, p_occurred_at, p_body)
    on conflict (message_id) do nothing;
end $$;

create or replace function emit_order(p_order orders, p_producer text, p_occurred_at timestamptz)
returns void language sql as $$
    select emit('pm.v1.executor.order_changed.' || p_order.market_id, 'executor.order_changed.v1',
        p_order.order_id, p_order.version, p_producer, p_order.correlation_id, null, p_occurred_at,
        jsonb_build_object(
            'order_id', p_order.order_id, 'account', p_order.account_id, 'strategy_tag', p_order.strategy_tag,
            'market', p_order.market_id, 'token', p_order.token_id, 'outcome', p_order.outcome,
            'side', p_order.side, 'purpose', p_order.purpose, 'rung', p_order.rung, 'attempt', p_order.attempt,
            'price', p_order.price::text, 'shares', p_order.shares::text, 'filled', p_order.filled::text,
            'status', p_order.status, 'reason', p_order.status_reason,
            'time_in_force', p_order.time_in_force, 'post_only', p_order.post_only,
            'venue_order_id', p_order.venue_order_id, 'placed_at', p_order.occurred_at, 'version', p_order.version));
$$;

create or replace function emit_position(p_position positions, p_producer text, p_correlation_id text,
                                         p_occurred_at timestamptz)
returns void language sql as $$
    select emit('pm.v1.fills.position_changed.' || p_position.market_id, 'fills.position_changed.v1',
        p_position.account_id || '/' || p_position.token_id, p_position.version, p_producer,
        p_correlation_id, null, p_occurred_at,
        jsonb_build_object(
            'account', p_position.account_id, 'market', p_position.market_id, 'token', p_position.token_id,
            'outcome', p_position.outcome, 'shares', p_position.shares::text,
            'confirmed_shares', greatest(0, least(p_position.confirmed_shares, p_position.shares))::text, 'cost', p_position.cost::text,
            'realised', p_position.realised::text, 'filled_at', p_position.filled_at,
            'version', p_position.version));
$$;

-- A stream was found that was made at p_made_at. Where an earlier one was known, it is gone with all it held: what the
-- outbox still has of it is published again, in order; the message id makes it harmless where nothing was lost, and
-- every reader takes a fact twice. Returns how many facts that are.
create or replace function refill_stream(p_stream text, p_made_at timestamptz, p_subjects text[])
returns bigint language plpgsql security definer set search_path = public as $$
declare
    v_count bigint;
begin
    insert into stream (name, made_at) values (p_stream, p_made_at)
    on conflict (name) do update set made_at = excluded.made_at, refilled_at = clock_timestamp()
    where stream.made_at is distinct from excluded.made_at;
    if not found then return 0; end if;
    update outbox set published_at = null
    where published_at is not null
      and exists (select 1 from unnest(p_subjects) as pattern where starts_with(subject, rtrim(pattern, '*')));
    get diagnostics v_count = row_count;
    return v_count;
end $$;

-- Facts are kept a day for a refill; the truth they told of is kept in its own tables. Returns how many went.
create or replace function prune_outbox()
returns bigint language sql security definer set search_path = public as $$
    with old as (select outbox_id from outbox where published_at < clock_timestamp() - interval '24 hours'
                 order by published_at limit 1000 for update skip locked),
         gone as (delete from outbox using old where outbox.outbox_id = old.outbox_id returning 1)
    select count(*) from gone;
$$;
