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
