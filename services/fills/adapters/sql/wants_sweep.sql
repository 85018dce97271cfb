select exists (
    select 1 from market_guard g join market m using (market_id)
    where g.account_id = %(account)s and not g.settled and m.slot_end <= %(domain_now)s
      and (g.swept_until is null or g.swept_until < m.slot_end))
  or exists (
    select 1 from orders o join market_guard g using (account_id, market_id)
    where o.account_id = %(account)s and not g.settled and o.venue_matched > o.filled + 0.01)
