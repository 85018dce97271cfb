-- Prices to beat of markets that have not ended; strikes are nobody's account's.
select s.market_id, s.price from strike s join market m using (market_id)
join account a on a.account_id = %s and a.venue = m.venue where m.slot_end > %s
