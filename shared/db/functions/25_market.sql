-- A market as the venue describes it, with its two outcomes in the venue's order. Returns the listing's version when it
-- is new or a fact of it changed, null when all is as it was; only a change is announced.
create or replace function list_market(
    p_market text, p_venue text, p_slug text, p_coin text, p_start timestamptz, p_end timestamptz, p_outcomes text[],
    p_tokens text[], p_tick numeric, p_min_shares numeric, p_taker_fee_rate numeric, p_protocol_version text,
    p_neg_risk boolean, p_accepting_orders boolean, p_occurred_at timestamptz)
returns bigint language plpgsql security definer set search_path = public as $$
declare
    v_market market;
begin
    insert into market as m (market_id, venue, slug, coin, slot_start, slot_end, tick, min_shares, taker_fee_rate,
                             protocol_version, neg_risk, accepting_orders)
    values (p_market, p_venue, p_slug, p_coin, p_start, p_end, p_tick, p_min_shares, p_taker_fee_rate,
            p_protocol_version, p_neg_risk, p_accepting_orders)
    on conflict (market_id) do update set
        slot_start = excluded.slot_start, slot_end = excluded.slot_end, tick = excluded.tick,
        min_shares = excluded.min_shares, taker_fee_rate = excluded.taker_fee_rate,
        protocol_version = excluded.protocol_version, neg_risk = excluded.neg_risk,
        accepting_orders = excluded.accepting_orders, version = m.version + 1
    where (m.slot_start, m.slot_end, m.tick, m.min_shares, m.taker_fee_rate, m.protocol_version, m.neg_risk,
           m.accepting_orders)
        is distinct from (excluded.slot_start, excluded.slot_end, excluded.tick, excluded.min_shares,
                          excluded.taker_fee_rate, excluded.protocol_version, excluded.neg_risk,
                          excluded.accepting_orders)
    returning * into v_market;
    if not found then return null; end if;
    insert into market_outcome (market_id, position, outcome, token_id)
    values (p_market, 0, p_outcomes[1], p_tokens[1]), (p_market, 1, p_outcomes[2], p_tokens[2])
    on conflict (market_id, position) do nothing;
    perform emit('pm.v1.discovery.market_listed.' || p_market, 'discovery.market_listed.v1', p_market,
        v_market.version, 'discovery', 'market/' || p_market, null, p_occurred_at,
        jsonb_build_object(
            'market', p_market, 'slug', v_market.slug, 'coin', v_market.coin, 'start', p_start, 'end', p_end,
            'outcomes', jsonb_build_array(
                jsonb_build_object('name', p_outcomes[1], 'token', p_tokens[1]),
                jsonb_build_object('name', p_outcomes[2], 'token', p_tokens[2])),
            'tick', p_tick::text, 'min_shares', p_min_shares::text, 'taker_fee_rate', p_taker_fee_rate::text,
            'protocol_version', p_protocol_version, 'neg_risk', p_neg_risk, 'accepting_orders', p_accepting_orders));
    return v_market.version;
end $$;

create or replace function provenance_rank(p_provenance text)
returns integer language sql immutable as $$
    select array_position(array['prior', 'website', 'metadata', 'exact'], p_provenance);
$$;

-- The strike once it is known; a better provenance replaces a lesser one, nothing else does. Returns the version when it
-- changed, else null.
create or replace function capture_strike(
    p_market text, p_price numeric, p_source text, p_provenance text, p_tick_at timestamptz, p_occurred_at timestamptz)
returns bigint language plpgsql security definer set search_path = public as $$
declare
    v_strike strike;
begin
    insert into strike as s (market_id, price, source, provenance, occurred_at)
    values (p_market, p_price, p_source, p_provenance, p_tick_at)
    on conflict (market_id) do update set
        price = excluded.price, source = excluded.source, provenance = excluded.provenance,
        occurred_at = excluded.occurred_at, version = s.version + 1
    where provenance_rank(excluded.provenance) > provenance_rank(s.provenance)
    returning * into v_strike;
    if not found then return null; end if;
    perform emit('pm.v1.discovery.strike_captured.' || p_market, 'discovery.strike_captured.v1', p_market,
        v_strike.version, 'discovery', 'market/' || p_market, null, p_occurred_at,
        jsonb_build_object('market', p_market, 'price', p_price::text, 'source', p_source,
            'provenance', p_provenance, 'tick_at', p_tick_at));
    return v_strike.version;
end $$;
