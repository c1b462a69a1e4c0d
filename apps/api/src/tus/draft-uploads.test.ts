import { describe, expect, it } from 'vitest';
import { INTEROP_VERSIONS, readDraftRequest, toldLength, toTusHeaders } from './draft-uploads.ts';

const metadata = (header: unknown) =>
  Object.fromEntries(
    String(header)
      .split(',')
      .map((pair) => pair.split(' '))
      .map(([key, value = '']) => [key, Buffer.from(value, 'base64').toString()]),
  );

const translated = (headers: Record<string, string>, isCreation = true) => {
  const draft = readDraftRequest(headers);
  if (draft === undefined) throw new Error('not a request of the draft');
  return toTusHeaders(draft, headers, isCreation);
};

describe('a request of the draft', () => {
  it('is known by its interop version', () => {
    expect(readDraftRequest({})).toBeUndefined();
    expect(readDraftRequest({ 'upload-draft-interop-version': '2' })).toBeUndefined();
    for (const version of INTEROP_VERSIONS)
      expect(readDraftRequest({ 'upload-draft-interop-version': `${version}` })).toMatchObject({ version });
  });

  it.each([
    ['3', { 'upload-incomplete': '?0' }, true],
    ['3', { 'upload-incomplete': '?1' }, false],
    ['3', { 'upload-complete': '?1' }, false],
    ['5', { 'upload-complete': '?1' }, true],
    ['8', { 'upload-complete': '?0' }, false],
    ['8', { 'upload-complete': 'yes' }, false],
  ])('of version %s with %o is the last: %s', (version, headers, isLast) => {
    expect(readDraftRequest({ 'upload-draft-interop-version': version, ...headers })).toMatchObject({
      isLast,
    });
  });

  it('whose body is the rest declares the length', () => {
    const rest = { 'upload-draft-interop-version': '8', 'upload-complete': '?1', 'content-length': '10' };
    const told = (headers: object) => toldLength(readDraftRequest({ ...rest, ...headers }) as never);
    expect(told({ 'upload-offset': '5' })).toBe(15);
    expect(told({ 'upload-complete': '?0' })).toBeUndefined();
    expect(told({ 'upload-complete': '?0', 'upload-length': '99' })).toBe(99);
    expect(() => told({ 'upload-offset': '5', 'upload-length': '14' })).toThrow();
  });
});

describe('in the headers of tus', () => {
  it('a creation has its length, its type and its name', () => {
    const headers = translated({
      'upload-draft-interop-version': '6',
      'upload-complete': '?1',
      'content-length': '7',
      'content-type': 'image/jpeg',
      'content-disposition': `attachment; filename="a.jpg"; filename*=UTF-8''%C3%A4.jpg`,
    });
    expect(headers).toMatchObject({
      'tus-resumable': '1.0.0',
      'upload-length': '7',
      'content-type': 'application/offset+octet-stream',
    });
    expect(metadata(headers['upload-metadata'])).toEqual({ filename: 'ä.jpg', filetype: 'image/jpeg' });
  });

  it('a creation of unknown length defers it', () => {
    expect(
      translated({ 'upload-draft-interop-version': '3', 'upload-incomplete': '?1', 'content-length': '0' }),
    ).toEqual(expect.objectContaining({ 'upload-defer-length': '1' }));
  });

  it('metadata that a client sends itself stays', () => {
    const own = 'filename YQ==';
    const headers = translated({
      'upload-draft-interop-version': '5',
      'upload-metadata': own,
      'content-type': 'application/partial-upload',
    });
    expect(headers['upload-metadata']).toBe(own);
  });

  it('a request to the URL of an upload that names no offset starts at its beginning', () => {
    const headers = translated(
      { 'upload-draft-interop-version': '6', 'upload-complete': '?1', 'content-length': '3' },
      false,
    );
    expect(headers['upload-offset']).toBe('0');
    expect(headers['upload-length']).toBeUndefined();
  });
});
