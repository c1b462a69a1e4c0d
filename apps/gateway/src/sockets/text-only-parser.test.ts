import { type Packet, PacketType } from 'socket.io-parser';
import { describe, expect, test } from 'vitest';
import { createTextOnlyParser } from './text-only-parser.ts';

const setUp = () => {
  const seen = { binary: 0, oversize: 0 };
  const parser = createTextOnlyParser({
    onBinary: () => {
      seen.binary += 1;
    },
    onOversizePacket: () => {
      seen.oversize += 1;
    },
  });
  return { seen, decoder: new parser.Decoder(), encoder: new parser.Encoder() };
};

describe('decoder', () => {
  test('text passes', () => {
    const { decoder, seen } = setUp();
    const packets: Packet[] = [];
    decoder.on('decoded', (packet: Packet) => packets.push(packet));
    decoder.add('2["subscribe",{"conversation_id":"c1"}]');
    expect(packets[0]?.data).toEqual(['subscribe', { conversation_id: 'c1' }]);
    expect(seen.binary).toBe(0);
  });

  test.each([
    ['an announced attachment', '51-["subscribe",{"_placeholder":true,"num":0}]'],
    ['an announced attachment of an answer', '61-1[{"_placeholder":true,"num":0}]'],
    ['a bare binary frame', Buffer.from([1, 2, 3])],
  ])('%s is counted and refused', (_, data) => {
    const { decoder, seen } = setUp();
    expect(() => decoder.add(data)).toThrow();
    expect(seen.binary).toBe(1);
  });
});

describe('encoder', () => {
  const packetOf = (body: string): Packet => ({
    type: PacketType.EVENT,
    nsp: '/',
    data: ['message.created', { body }],
  });

  test('an event within the limit goes out', () => {
    const { encoder, seen } = setUp();
    expect(encoder.encode(packetOf('x'.repeat(8_000)))).toHaveLength(1);
    expect(seen.oversize).toBe(0);
  });

  test('a larger one does not, measured in bytes and not in characters', () => {
    const { encoder, seen } = setUp();
    expect(encoder.encode(packetOf('ü'.repeat(5_000)))).toEqual([]);
    const answer = { type: PacketType.ACK, nsp: '/', id: 1, data: ['x'.repeat(8_200)] };
    expect(encoder.encode(answer)).toEqual([]);
    expect(seen.oversize).toBe(2);
  });
});
