import { expect, test } from 'vitest';
import { withSession } from './serve-playlist.ts';

test('every name in a playlist gets the session’s token, and nothing else changes', () => {
  const playlist =
    '#EXTM3U\n#EXT-X-MAP:URI="init.mp4",BYTERANGE="1@2"\n#EXTINF:4,\nseg-1.m4s\n\n#EXT-X-ENDLIST\n';
  expect(withSession(playlist, 'abc')).toBe(
    '#EXTM3U\n#EXT-X-MAP:URI="init.mp4?t=abc",BYTERANGE="1@2"\n#EXTINF:4,\nseg-1.m4s?t=abc\n\n#EXT-X-ENDLIST\n',
  );
});
