-- A market as the venue lists it. Written and told again only when a fact of it changed; returns whether one did.
create or replace function list_market(
    p_venue text, p_market text, p_slug text, p_coin text, p_start timestamptz, p_end timestamptz, p_tick numeric,
    p_min_shares numeric, p_fee_rate numeric, p_version text, p_neg_risk boolean, p_accepting boolean,
    p_outcomes text[], p_tokens text[], p_occurred_at timestamptz)
returns boolean language plpgsql security definer set search_path = public as $$
declare
    v_market market;
begin
    insert into market (market_id, venue, slug, coin, slot_start, slot_end, tick, min_shares, taker_fee_rate,
                        protocol_version, neg_risk, accepting_orders)
    values (p_market, p_venue, p_slug, p_coin, p_start, p_end, p_tick, p_min_shares, p_fee_rate, p_version,
            p_neg_risk, p_accepting)
    on conflict (market_id) do update set tick = excluded.tick, min_shares = excluded.min_shares,
        taker_fee_rate = excluded.taker_fee_rate, accepting_orders = excluded.accepting_orders,
        version = market.version + 1
    where (market.tick, market.min_shares, market.taker_fee_rate, market.accepting_orders)
          is distinct from (excluded.tick, excluded.min_shares, excluded.taker_fee_rate, excluded.accepting_orders)
    returning * into v_market;
    if v_market.market_id is null then return false; end if;
    insert into market_outcome (market_id, position, outcome, token_id)
    select p_market, position - 1, p_outcomes[position], p_tokens[position] from generate_series(1, 2) as position
    on conflict do nothing;
    perform emit('pm.v1.discovery.market_listed.' || p_market, 'discovery.market_listed.v1', p_market,
        v_market.version, 'discovery', p_market, null, p_occurred_at,
        jsonb_build_object('market', p_market, 'slug', p_slug, 'coin', p_coin, 'start', p_start, 'end', p_end,
            'outcomes', jsonb_build_array(jsonb_build_object('name', p_outcomes[1], 'token', p_tokens[1]),
                                          jsonb_build_object('name', p_outcomes[2], 'token', p_tokens[2])),
            'tick', p_tick::text, 'min_shares', p_min_shares::text, 'taker_fee_rate', p_fee_rate::text,
            'protocol_version', p_version, 'neg_risk', p_neg_risk, 'accepting_orders', p_accepting));
    return true;
end $$;

-- A strike is captured once, and replaced only by a better provenance: an exact tick over anything else.
create or replace function capture_strike(
    p_market text, p_price numeric, p_source text, p_provenance text, p_tick_at timestamptz)
returns boolean language plpgsql security definer set search_path = public as $$
declare
    v_strike strike;
begin
    insert into strike (market_id, price, source, provenance, occurred_at)
    values (p_market, p_price, p_source, p_provenance, p_tick_at)
    on conflict (market_id) do update set price = excluded.price, source = excluded.source,
        provenance = excluded.provenance, occurred_at = excluded.occurred_at, version = strike.version + 1
    where strike.provenance <> 'exact' and excluded.provenance = 'exact'
    returning * into v_strike;
    if v_strike.market_id is null then return false; end if;
    perform emit('pm.v1.discovery.strike_captured.' || p_market, 'discovery.strike_captured.v1', p_market,
        v_strike.version, 'discovery', p_market, null, p_tick_at,
        jsonb_build_object('market', p_market, 'price', p_price::text, 'source', p_source,
            'provenance', p_provenance, 'tick_at', p_tick_at));
    return true;
end $$;
