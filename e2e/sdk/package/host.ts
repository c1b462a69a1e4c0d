// Uses of the packed SDK that a host's compiler must accept; it is never run.
import {
  type ClaimcheckClient,
  ClaimcheckError,
  createClient,
  type Media,
  type Upload,
} from '@claimcheck/client';
import { fileStore } from '@claimcheck/client/node';
import { MediaImage, useConversation } from '@claimcheck/client/react';

const client: ClaimcheckClient = createClient({
  baseUrl: 'https://media.example',
  getToken: async () => 'token',
  store: fileStore('here'),
});
const upload: Upload = client.upload(new Blob(['hello']), {
  filename: 'hello.txt',
  stripLocation: 'if-possible',
});
upload.on('progress', ({ sentBytes }) => sentBytes.toFixed());
upload.on('error', (error) => error instanceof ClaimcheckError && error.code === 'quota_exceeded');
export const width = (media: Media): number | undefined => media.width;
export const used = [MediaImage, useConversation];

// @ts-expect-error: an unknown option must not look as if it worked.
client.upload(new Blob([]), { conversation: 'talk' });
// @ts-expect-error: a state that does not exist.
upload.state === 'finished';
