-- Tells whether a message's key was deleted. A function that is VOLATILE sees what was committed while its statement
-- waited for a lock; the statement itself does not.
CREATE FUNCTION is_message_deleted(sender text, conversation text, key text)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM message_tombstone
    WHERE sender_user_id = sender AND conversation_id = conversation AND client_message_id = key);
END $$;
