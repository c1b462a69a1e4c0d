import { createClient, devLogin } from '@claimcheck/client';
import { ClaimcheckProvider, MediaImage, MediaVideo, useConversation } from '@claimcheck/client/react';
import type { FormEvent } from 'react';
import { createRoot } from 'react-dom/client';

// User and conversation: your application knows them. The token comes from your backend: devLogin is for demos.
const { api = '', user = '', talk = '' } = Object.fromEntries(new URLSearchParams(location.search));
const token = devLogin(api, user);
const client = createClient({ baseUrl: api, getToken: () => token });

const WIDE = { width: 240 };

const Chat = () => {
  const { messages, outgoing, send } = useConversation(talk);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { text, file } = Object.fromEntries(new FormData(event.currentTarget));
    const hasFile = file instanceof File && file.size > 0;
    send({
      ...(text ? { text: String(text) } : {}),
      ...(hasFile ? { media: client.upload(file, { conversationId: talk }) } : {}),
    });
    event.currentTarget.reset();
  };
  return (
    <form onSubmit={submit}>
      <ul>
        {messages.map(({ message_id, sender_user_id, body, media }) => (
          <li key={message_id}>
            {sender_user_id}: {body}
            {media?.kind === 'image' && <MediaImage media={media} conversationId={talk} style={WIDE} />}
            {media?.kind === 'video' && <MediaVideo media={media} conversationId={talk} style={WIDE} />}
          </li>
        ))}
        {outgoing.map(({ id, text, filename }) => (
          <li key={id} aria-busy="true">
            {text ?? filename} …
          </li>
        ))}
      </ul>
      <input name="text" aria-label="Message" />
      <input name="file" type="file" aria-label="File" />
      <button type="submit">Send</button>
    </form>
  );
};

createRoot(document.body.appendChild(document.createElement('main'))).render(
  <ClaimcheckProvider client={client}>
    <Chat />
  </ClaimcheckProvider>,
);
