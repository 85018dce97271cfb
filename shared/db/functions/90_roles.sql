-- A role a service: it reads every table, writes its own, and changes what several services share only through the
-- functions granted to it here.
do $$
declare
    v_role text;
begin
    foreach v_role in array array['discovery', 'bidder', 'executor', 'fills', 'risk', 'settlement', 'control',
                                  'notifier'] loop
        begin
            execute format('create role tdmaker_%s nologin', v_role);
        exception when duplicate_object or unique_violation then null;
        end;
        execute format('grant tdmaker_%s to current_user', v_role);
        execute format('grant select on all tables in schema public to tdmaker_%s', v_role);
        execute format('grant insert, update, delete on inbox to tdmaker_%s', v_role);
        execute format('grant update (published_at) on outbox to tdmaker_%s', v_role);
        execute format('grant insert, delete on parked_frame to tdmaker_%s', v_role);
    end loop;
end $$;

revoke execute on all functions in schema public from public;
grant execute on function beat, take_lease, release_lease, open_account, refill_stream, prune_outbox to
    tdmaker_discovery, tdmaker_bidder, tdmaker_executor, tdmaker_fills, tdmaker_risk, tdmaker_settlement,
    tdmaker_control, tdmaker_notifier;
grant execute on function list_market, capture_strike to tdmaker_discovery;
grant insert, update, delete on decision to tdmaker_bidder;
grant execute on function reserve, apply_order_event, guard, entries_closed, silent_services, sign_redemption,
    move_redemption to tdmaker_executor;
grant execute on function book_fill, park_fill, resolve_unmatched, mark_swept, apply_order_event, guard, enter_shadow,
    adopt_order, open_case, close_case, state_cash, mark_paid_out to tdmaker_fills;
grant execute on function guard, halt, guard_market, raise_highest_bid, count_override, close_entries, set_breaker_limits to tdmaker_risk;
grant execute on function settle, guard_market, request_redemption to tdmaker_settlement;
grant execute on function alert to tdmaker_executor, tdmaker_fills, tdmaker_risk, tdmaker_settlement;
grant execute on function guard, halt, resume, pause, breaker_reset, breaker_day_profit, utc_day to tdmaker_control;
grant insert on operator_action to tdmaker_control, tdmaker_notifier;
grant execute on function guard, halt to tdmaker_notifier;
