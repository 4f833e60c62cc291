-- The books of used nonces.

-- name: claim_nonces
-- Those that come back were new. Everybody inserts in the order of the key, so nobody waits for
-- somebody who waits for them. The district is the book's own: so Citus has one node do it all.
INSERT INTO nonces (district_id, at, digest)
SELECT book.district_id, given.at, given.digest
  FROM nonce_books AS book,
       unnest(CAST(:stamps AS bigint[]), CAST(:digests AS bytea[])) AS given (at, digest)
 WHERE book.district_id = CAST(:district_id AS integer)
   AND given.at >= greatest(book.begun, book.swept)
 ORDER BY given.at, given.digest
ON CONFLICT (district_id, at, digest) DO NOTHING
RETURNING digest;

-- name: nonce_book
SELECT begun, swept FROM nonce_books WHERE district_id = :district_id;

-- name: begin_nonce_book
INSERT INTO nonce_books (district_id, begun) VALUES (:district_id, :begun)
ON CONFLICT (district_id) DO NOTHING;

-- name: begin_every_nonce_book
INSERT INTO nonce_books (district_id, begun)
SELECT id, CAST(extract(epoch FROM now()) AS bigint) + 1 FROM districts
ON CONFLICT (district_id) DO NOTHING;

-- name: sweep_nonces
-- One of those who sweep at once does it. A claim that is under way may not know yet that the book
-- was swept: what is removed has been refused for a minute.
WITH moved AS (
    UPDATE nonce_books SET swept = :before
     WHERE district_id = :district_id AND swept < :before
    RETURNING 1)
DELETE FROM nonces
 WHERE district_id = :district_id AND at < CAST(:before AS bigint) - 60
   AND EXISTS (SELECT FROM moved);
