import {
  type ClaimcheckClient,
  type ClientOptions,
  createClient,
  type UploadOptions,
  type UploadSnapshot,
} from '@claimcheck/client';

export type PageOptions = Pick<ClientOptions, 'baseUrl' | 'uploads'>;

declare global {
  interface Window {
    /** The host's backend, which is the test. */
    tokenOf: (fresh: boolean) => Promise<string>;
    openSdk: (options: PageOptions) => void;
    client: ClaimcheckClient;
    /** Each state of the latest upload. */
    snapshots: UploadSnapshot[];
    sendFile: (file: File, conversationId: string, text: string, options?: UploadOptions) => void;
    chosenFile: () => File;
    /** Returns the snapshot of a conversation once it is live; the first call starts to follow it. */
    bodiesIn: (conversationId: string) => (string | undefined)[] | undefined;
  }
}

window.openSdk = (options) => {
  const getToken = (request?: { fresh: boolean }) => window.tokenOf(request?.fresh ?? false);
  window.client = createClient({ ...options, getToken });
};

window.chosenFile = () => {
  const file = document.querySelector<HTMLInputElement>('input[type=file]')?.files?.[0];
  if (file === undefined) throw new Error('no file was chosen');
  return file;
};

window.snapshots = [];
window.sendFile = (file, conversationId, text, options) => {
  const upload = window.client.upload(file, { conversationId, ...options });
  upload.subscribe(() => window.snapshots.push(upload.get()));
  window.client.messages.send(conversationId, { text, media: upload });
};

const followed = new Set<string>();
window.bodiesIn = (conversationId) => {
  const conversation = window.client.conversation(conversationId);
  if (!followed.has(conversationId)) conversation.subscribe(() => {});
  followed.add(conversationId);
  const { messages, status } = conversation.get();
  return status === 'live' ? messages.map(({ body }) => body) : undefined;
};
