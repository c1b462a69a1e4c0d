import { describe, expect, it } from 'vitest';
import { parseReply, ScannerUnavailableError } from './clamd-reply.ts';

describe('parseReply', () => {
  it('takes only the explicit OK for clean', () => {
    expect(parseReply('stream: OK\0')).toEqual({ code: 'clean' });
    for (const reply of ['', 'OK', 'stream: OK?', 'stream: ', 'UNKNOWN COMMAND', 'stream: OK FOUND OK'])
      expect(() => parseReply(reply), reply).toThrow(ScannerUnavailableError);
  });

  it('names the virus', () => {
    expect(parseReply('stream: Win.Test.EICAR_HDB-1 FOUND\0')).toEqual({
      code: 'infected',
      virusName: 'Win.Test.EICAR_HDB-1',
    });
  });

  it.each([
    ['INSTREAM size limit exceeded. ERROR', 'too_large'],
    ['stream: Time limit reached ERROR', 'engine_error'],
    ['stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND', 'too_large'],
    ['stream: Heuristics.Encrypted.Zip FOUND', 'encrypted'],
  ])('takes what was not looked into for unscannable: %s', (reply, reason) => {
    expect(parseReply(`${reply}\0`)).toEqual({ code: 'unscannable', reason });
  });
});
