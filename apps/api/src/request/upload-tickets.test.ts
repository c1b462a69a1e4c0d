import jwt from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { type Ticket, UploadTickets } from './upload-tickets.ts';

const OLD = { kid: 'old', secret: 'o'.repeat(32) };
const NEW = { kid: 'new', secret: 'n'.repeat(32) };
const ID = '0198f5a2-7c00-7000-8000-000000000001';
const ticket: Ticket = {
  user_id: 'ann',
  media_object_id: ID,
  size_bytes: 5,
  content_type: 'image/jpeg',
  expires_at: new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 60_000),
};
const tickets = new UploadTickets([NEW, OLD]);

/** Forges a ticket, as an attacker would, or signs it with a key that is no longer valid. */
const forge = (claims: object = {}, secret = NEW.secret, options: jwt.SignOptions = {}): string =>
  jwt.sign({ media_object_id: ID, size_bytes: 5, content_type: 'image/jpeg', ...claims }, secret, {
    keyid: 'new',
    subject: 'ann',
    audience: 'claimcheck:upload',
    expiresIn: 60,
    ...options,
  });

test('a ticket returns what was signed; the first key signs, all verify', () => {
  expect(tickets.verify(tickets.sign(ticket))).toEqual(ticket);
  expect(jwt.decode(tickets.sign(ticket), { complete: true })?.header.kid).toBe('new');
  expect(tickets.verify(new UploadTickets([OLD]).sign(ticket))).toEqual(ticket);
  expect(tickets.verify(forge())).toMatchObject({ user_id: 'ann', media_object_id: ID });
});

describe('refused:', () => {
  const unsigned = (header: object, payload: object): string =>
    `${[header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
  test.each([
    ['another kid', forge({}, NEW.secret, { keyid: 'x' })],
    ['a kid that names a property of every object', forge({}, NEW.secret, { keyid: 'constructor' })],
    [
      'no kid',
      jwt.sign({ media_object_id: ID }, NEW.secret, { audience: 'claimcheck:upload', expiresIn: 60 }),
    ],
    ['one key with the name of another', forge({}, OLD.secret)],
    ['another secret', forge({}, 'x'.repeat(32))],
    ['another algorithm', forge({}, NEW.secret, { algorithm: 'HS512' })],
    ['another audience', forge({}, NEW.secret, { audience: 'host' })],
    ['no subject', forge({ sub: undefined }, NEW.secret, { subject: 'a b' })],
    ['an id that is none', forge({ media_object_id: '../x' })],
    ['not a token', 'abc'],
    ['very long', 'a'.repeat(100_000)],
    [
      'alg none',
      unsigned(
        { alg: 'none', typ: 'JWT', kid: 'new' },
        {
          sub: 'ann',
          aud: 'claimcheck:upload',
          exp: 4_000_000_000,
          media_object_id: ID,
          size_bytes: 5,
          content_type: 'image/jpeg',
        },
      ),
    ],
  ])('%s', (_, token) => {
    expect(() => tickets.verify(token)).toThrow(expect.objectContaining({ code: 'unauthorized' }));
  });

  test('expired', () => {
    const token = forge({}, NEW.secret, { expiresIn: -1 });
    expect(() => tickets.verify(token)).toThrow(expect.objectContaining({ code: 'token_expired' }));
  });
});
