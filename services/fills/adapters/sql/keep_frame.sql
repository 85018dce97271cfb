with kept as (
    insert into parked_frame (source, reason, excerpt) values (%(source)s, %(reason)s, %(excerpt)s) returning parked_id)
delete from parked_frame where parked_id <= (select parked_id from kept) - 1000
