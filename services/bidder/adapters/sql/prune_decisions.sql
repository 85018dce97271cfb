-- What ended long ago, and of each market all but the newest episodes.
delete from decision d
using (select ctid, last_at, row_number() over (partition by market_id order by last_at desc, first_at desc) as place
         from decision where account_id = %(account)s) aged
where d.ctid = aged.ctid and (aged.last_at < %(before)s or aged.place > %(kept)s)
