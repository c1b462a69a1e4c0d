import { useConversations } from '@claimcheck/client/react';
import { type FormEvent, useId, useState } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { wordsOfError } from '../words/words-of-error.ts';

export const NewConversation = () => {
  const { session, chat } = useChat();
  const { reload } = useConversations();
  const [members, setMembers] = useState('');
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const id = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const member_ids = members.split(/[\s,]+/).filter((member) => member !== '');
      const { conversation_id } = await session.client.conversations.create({ member_ids });
      await reload();
      chat.open(conversation_id);
      setMembers('');
    } catch (error) {
      setProblem(wordsOfError(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className="new-conversation" onSubmit={submit}>
      <label htmlFor={id}>New conversation with</label>
      <div className="row">
        <input
          id={id}
          data-testid="new-conversation-members"
          value={members}
          onChange={(event) => setMembers(event.target.value)}
          placeholder="ben, cat"
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          required
        />
        <button type="submit" className="primary" data-testid="new-conversation-submit" disabled={isBusy}>
          Start
        </button>
      </div>
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
    </form>
  );
};
