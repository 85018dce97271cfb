-- How often fair value held a sale back (strategy section 9), once an episode: a figure of the status line.
alter table positions add column overrides integer not null default 0 check (overrides >= 0);
