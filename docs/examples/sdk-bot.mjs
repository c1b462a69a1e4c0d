import { openAsBlob } from 'node:fs';
import { createClient } from '@claimcheck/client';
import { fileStore } from '@claimcheck/client/node';

const { CLAIMCHECK_URL, CLAIMCHECK_TOKEN, CONVERSATION, PHOTO } = process.env;
const client = createClient({
  baseUrl: CLAIMCHECK_URL,
  getToken: () => CLAIMCHECK_TOKEN,
  // Unsent messages survive a restart.
  store: fileStore('.claimcheck-bot'),
});
await client.restored;

// With the same id a restart resumes the upload, and sends no second message.
const photo = await openAsBlob(PHOTO, { type: 'image/jpeg' });
const upload = client.upload(photo, {
  id: 'photo-of-today',
  filename: 'today.jpg',
  conversationId: CONVERSATION,
});
const message = client.messages.send(CONVERSATION, {
  id: 'message-of-today',
  text: 'Good morning',
  media: upload,
});
const { message_id } = await message.sent;
const media = await client.media(await upload.done).settled();
console.log(JSON.stringify({ message_id, state: media.state }));
client.close();
