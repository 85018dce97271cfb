-- What the operator must hear of at once: the notifier tells it. The same words are told once.
create or replace function alert(p_account text, p_detail text, p_by text)
returns void language sql security definer set search_path = public as $$
    insert into operator_action (account_id, actor, act, detail)
    select p_account, p_by, 'alert', p_detail
    where not exists (select 1 from operator_action
                      where account_id = p_account and act = 'alert' and detail = p_detail);
$$;
