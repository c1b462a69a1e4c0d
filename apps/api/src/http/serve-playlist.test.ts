import { expect, test } from 'vitest';
import { addSession } from './serve-playlist.ts';

const rewrite = async (pieces: readonly string[]): Promise<string> => {
  async function* arriving() {
    yield* pieces;
  }
  let whole = '';
  for await (const piece of addSession('abc')(arriving())) whole += piece;
  return whole;
};

const PLAYLIST =
  '#EXTM3U\n#EXT-X-MAP:URI="init.mp4",BYTERANGE="1@2"\n#EXTINF:4,\nseg-1.m4s\n\n#EXT-X-ENDLIST\n';
const WITH_SESSION =
  '#EXTM3U\n#EXT-X-MAP:URI="init.mp4?t=abc",BYTERANGE="1@2"\n#EXTINF:4,\nseg-1.m4s?t=abc\n\n#EXT-X-ENDLIST\n';

test('every name in a playlist gets the session’s token, and nothing else changes', async () => {
  expect(await rewrite([PLAYLIST])).toBe(WITH_SESSION);
});

test('a playlist is the same in whatever pieces it arrives', async () => {
  expect(await rewrite([...PLAYLIST])).toBe(WITH_SESSION);
  expect(await rewrite(['#EXTM3U\nlast', '.m4s'])).toBe('#EXTM3U\nlast.m4s?t=abc');
});

test('a line that does not end is not kept', async () => {
  await expect(rewrite(Array.from({ length: 100 }, () => 'x'.repeat(1_000)))).rejects.toThrow('too long');
});
