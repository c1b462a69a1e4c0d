// The page's script: one film, by the SDK's own React part.
import { createClient } from '@claimcheck/client';
import { ClaimcheckProvider, MediaVideo } from '@claimcheck/client/react';
import { createRoot } from 'react-dom/client';

interface FilmTask {
  token: string;
  mediaId: string;
  conversationId: string;
}

declare global {
  interface Window {
    showFilm: (task: FilmTask) => Promise<void>;
  }
}

window.showFilm = async ({ token, mediaId, conversationId }) => {
  const client = createClient({ baseUrl: location.origin, getToken: () => token });
  const media = await client.media(mediaId).load();
  const place = document.createElement('main');
  document.body.replaceChildren(place);
  createRoot(place).render(
    <ClaimcheckProvider client={client} loadHls={() => import('hls.js')}>
      <MediaVideo media={media} conversationId={conversationId} />
    </ClaimcheckProvider>,
  );
};
