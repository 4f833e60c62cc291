-- Limits that all machines hold together.

-- name: exchange_limits
-- Everybody writes in the order of the key, so nobody waits for somebody who waits for them.
INSERT INTO limits (who, full_at, most)
SELECT given.who, clock.now + given.seconds, given.most
  FROM unnest(CAST(:names AS text[]), CAST(:seconds AS double precision[]),
              CAST(:most AS double precision[])) AS given (who, seconds, most),
       CAST(extract(epoch FROM now()) AS double precision) AS clock (now)
 ORDER BY given.who
ON CONFLICT (who) DO UPDATE
   SET full_at = least(
           greatest(limits.full_at, CAST(extract(epoch FROM now()) AS double precision))
               + (excluded.full_at - CAST(extract(epoch FROM now()) AS double precision)),
           CAST(extract(epoch FROM now()) AS double precision) + excluded.most),
       most = excluded.most
RETURNING who, full_at - CAST(extract(epoch FROM now()) AS double precision);

-- name: sweep_limits
DELETE FROM limits
 WHERE who IN (SELECT who FROM limits
                WHERE full_at < CAST(extract(epoch FROM now()) AS double precision)
                  FOR UPDATE SKIP LOCKED);
