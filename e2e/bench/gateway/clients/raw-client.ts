import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const OPCODE_TEXT = 0x81;
const MASKED = 0x80;
// Events end in `"at":1763646000000}}]`: milliseconds since 1970, 13 digits until the year 2286.
const STAMP_DIGITS = 13;
const STAMP_TAIL = 3;

export interface RawClientEvents {
  /** A Socket.IO event; `sentAt` is the stamp in it. */
  onEvent(sentAt: number): void;
  /** The answer to its only request. */
  onSubscribed(answer: string): void;
  onClosed(reason: string): void;
}

export interface RawClientOptions {
  port: number;
  token: string;
  conversation_id: string;
  since_seq: number | undefined;
}

/** Returns a client frame with a mask of zeros, which leaves the text unchanged. At most 64 KiB. */
const textFrame = (text: string): Buffer => {
  const payload = Buffer.from(text);
  const header =
    payload.length < 126
      ? Buffer.from([OPCODE_TEXT, MASKED | payload.length, 0, 0, 0, 0])
      : Buffer.from([OPCODE_TEXT, MASKED | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([header, payload]);
};

const PONG = textFrame('3');

/**
 * Connects, subscribes to one conversation and counts its events. It implements only as much of WebSocket, Engine.IO and
 * Socket.IO as that needs, on a bare TCP socket: thousands of complete clients would cost more than the server.
 */
export class RawClient {
  readonly #socket: Socket;
  readonly #options: RawClientOptions;
  readonly #events: RawClientEvents;
  #rest: Buffer = Buffer.alloc(0);
  #upgraded = false;

  constructor(options: RawClientOptions, events: RawClientEvents) {
    this.#options = options;
    this.#events = events;
    this.#socket = connect(options.port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('connect', () => this.#upgrade());
    this.#socket.on('data', (data) => this.#onData(data));
    this.#socket.on('error', (error) => events.onClosed(error.message));
    this.#socket.on('close', () => events.onClosed('closed'));
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #upgrade(): void {
    this.#socket.write(
      [
        'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
        `Host: 127.0.0.1:${this.#options.port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        '\r\n',
      ].join('\r\n'),
    );
  }

  #onData(data: Buffer): void {
    let rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    if (!this.#upgraded) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) {
        this.#rest = rest;
        return;
      }
      const status = rest.toString('latin1', 0, rest.indexOf('\r\n'));
      if (!status.includes(' 101 ')) this.#events.onClosed(status);
      this.#upgraded = true;
      rest = rest.subarray(end + 4);
    }
    this.#rest = this.#readFrames(rest);
  }

  /** @returns the bytes of an incomplete frame */
  #readFrames(data: Buffer): Buffer {
    let offset = 0;
    while (data.length - offset >= 2) {
      const short = data.readUInt8(offset + 1);
      const headerBytes = short < 126 ? 2 : 4;
      if (data.length - offset < headerBytes) break;
      const bytes = short < 126 ? short : data.readUInt16BE(offset + 2);
      const end = offset + headerBytes + bytes;
      if (end > data.length) break;
      if (data[offset] === OPCODE_TEXT) this.#onPacket(data, offset + headerBytes, end);
      offset = end;
    }
    return offset === data.length ? Buffer.alloc(0) : data.subarray(offset);
  }

  #onPacket(data: Buffer, start: number, end: number): void {
    const kind = data.toString('latin1', start, Math.min(start + 2, end));
    if (kind === '42') {
      const stampEnd = end - STAMP_TAIL;
      this.#events.onEvent(Number(data.toString('latin1', stampEnd - STAMP_DIGITS, stampEnd)));
    } else if (kind === '2') this.#socket.write(PONG);
    else if (kind === '0{') this.#send(`40${JSON.stringify({ token: this.#options.token })}`);
    else if (kind === '40') this.#subscribe();
    else if (kind === '43') this.#events.onSubscribed(data.toString('utf8', start + 2, end));
    else this.#events.onClosed(`unexpected: ${data.toString('utf8', start, end)}`);
  }

  #subscribe(): void {
    const { conversation_id, since_seq } = this.#options;
    this.#send(`420${JSON.stringify(['subscribe', { conversation_id, since_seq }])}`);
  }

  #send(text: string): void {
    this.#socket.write(textFrame(text));
  }
}
