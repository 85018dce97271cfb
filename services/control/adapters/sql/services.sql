select service, instance, extract(epoch from clock_timestamp() - seen_at)::float8
from liveness where account_id = %(account)s order by service
