-- One active holder a name. Each change of holder raises the epoch; a write that carries an older one fails.
create or replace function take_lease(p_name text, p_holder text, p_ttl interval)
returns bigint language sql security definer set search_path = public as $$
    insert into lease (name, holder, epoch, expires_at)
    values (p_name, p_holder, 1, clock_timestamp() + p_ttl)
    on conflict (name) do update set
        epoch = lease.epoch + case when lease.holder = excluded.holder then 0 else 1 end,
        holder = excluded.holder, expires_at = excluded.expires_at
    where lease.holder = excluded.holder or lease.expires_at < clock_timestamp()
    returning epoch;
$$;

create or replace function release_lease(p_name text, p_holder text)
returns void language sql security definer set search_path = public as $$
    update lease set expires_at = '-infinity' where name = p_name and holder = p_holder;
$$;

-- Fails the write of a holder that lost its lease (SQLSTATE TD001); null is for tools that write beside the services.
create or replace function fence(p_lease text, p_epoch bigint)
returns void language plpgsql as $$
begin
    if p_lease is not null and not exists (
        select 1 from lease where name = p_lease and epoch = p_epoch and expires_at > clock_timestamp()) then
        raise exception 'lease % is no longer held with epoch %', p_lease, p_epoch using errcode = 'TD001';
    end if;
end $$;

create or replace function beat(p_account text, p_service text, p_instance text)
returns void language sql security definer set search_path = public as $$
    insert into liveness (account_id, service, instance, seen_at)
    values (p_account, p_service, p_instance, clock_timestamp())
    on conflict (account_id, service) do update set instance = excluded.instance, seen_at = excluded.seen_at;
$$;
