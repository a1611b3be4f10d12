DROP INDEX facts_to_forget_of_user;
