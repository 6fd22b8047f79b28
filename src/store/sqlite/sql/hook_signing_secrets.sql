UPDATE hook SET signing_secrets = ?2 WHERE id = ?1;
