SELECT coalesce(sum(queued), 0) AS queued FROM lane;
