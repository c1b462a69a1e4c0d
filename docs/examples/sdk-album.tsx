import { createClient, devLogin, type OutgoingMessage } from '@claimcheck/client';
import {
  ClaimcheckProvider,
  Composer,
  MediaView,
  MessageMedia,
  useConversation,
  useGallery,
  useOutgoing,
} from '@claimcheck/client/react';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';

// User and conversation: your application knows them. The token comes from your backend: devLogin is for demos.
const { api = '', user = '', talk = '' } = Object.fromEntries(new URLSearchParams(location.search));
const token = devLogin(api, user);
const client = createClient({ baseUrl: api, getToken: () => token });

const WIDE = { width: 320 };

const Waiting = ({ message }: { message: OutgoingMessage }) => {
  const { uploads, error } = useOutgoing(message);
  const names = uploads.map(({ filename }) => filename).join(', ');
  return <li aria-busy="true">{`${message.text ?? ''} ${names} … ${error?.message ?? ''}`}</li>;
};

/** Albums, voice messages and everything else, and a composer that sends them. */
const Chat = () => {
  const { messages, outgoing } = useConversation(talk);
  return (
    <>
      <ul>
        {messages.map((message) => (
          <li key={message.message_id}>
            {message.sender_user_id}: <span dir="auto">{message.body}</span>
            <MessageMedia message={message} style={WIDE} />
          </li>
        ))}
        {outgoing.map((message) => (
          <Waiting key={message.id} message={message} />
        ))}
      </ul>
      <Composer conversationId={talk} />
    </>
  );
};

const Gallery = () => {
  const { items, hasMore, loadMore } = useGallery(talk);
  const props = { conversationId: talk, style: WIDE };
  return (
    <section aria-label="Gallery">
      {items.map(({ media, reference }) => (
        <MediaView key={media.media_object_id + reference.ref_id} media={media} {...props} />
      ))}
      <button type="button" hidden={!hasMore} onClick={() => void loadMore()}>
        More
      </button>
    </section>
  );
};

const App = () => {
  const [Page, setPage] = useState(() => Chat);
  return (
    <ClaimcheckProvider client={client}>
      <button type="button" onClick={() => setPage(() => (Page === Chat ? Gallery : Chat))}>
        {Page === Chat ? 'All media' : 'Messages'}
      </button>
      <Page />
    </ClaimcheckProvider>
  );
};

createRoot(document.body.appendChild(document.createElement('main'))).render(<App />);
