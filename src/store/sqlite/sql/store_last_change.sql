SELECT last_change FROM store;
