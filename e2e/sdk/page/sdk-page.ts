import {
  type ClaimcheckClient,
  type ClientOptions,
  createClient,
  type UploadSnapshot,
} from '@claimcheck/client';

declare global {
  interface Window {
    openSdk: (options: Pick<ClientOptions, 'baseUrl' | 'uploads'> & { token: string }) => ClaimcheckClient;
    client: ClaimcheckClient;
    /** Each state of the upload that was begun last. */
    snapshots: UploadSnapshot[];
    sendChosen: (conversationId: string, text: string) => void;
  }
}

window.openSdk = ({ token, ...options }) => {
  window.client = createClient({ ...options, getToken: () => token });
  return window.client;
};

window.snapshots = [];
window.sendChosen = (conversationId, text) => {
  const file = document.querySelector<HTMLInputElement>('input[type=file]')?.files?.[0];
  if (file === undefined) throw new Error('no file was chosen');
  const upload = window.client.upload(file, { conversationId });
  upload.subscribe(() => window.snapshots.push(upload.get()));
  window.client.messages.send(conversationId, { text, media: upload });
};
