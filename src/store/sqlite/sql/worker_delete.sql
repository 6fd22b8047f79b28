-- Its lanes are let go by their foreign key.
DELETE FROM worker WHERE id = ?1;
