-- Instance-wide: the position that was given last; 0 before the first.
select last_position
from event_relay
