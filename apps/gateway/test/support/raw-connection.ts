import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const FIN_TEXT = 0x81;

/** A TCP connection that can send any bytes. */
export class RawConnection {
  /** The received text, including headers of frames. */
  received = '';
  isClosed = false;
  readonly #socket: Socket;

  private constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (data) => {
      this.received += data.toString('latin1');
    });
    // The other side may disconnect at any moment.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** Opens a connection that sends nothing. */
  static open(port: number): RawConnection {
    return new RawConnection(port);
  }

  /** Opens a connection that asks to become a WebSocket. */
  static webSocket(port: number): RawConnection {
    const connection = new RawConnection(port);
    connection.write(
      [
        'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
        'Host: gateway',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        '\r\n',
      ].join('\r\n'),
    );
    return connection;
  }

  get isUpgraded(): boolean {
    return this.received.includes('"sid"');
  }

  write(data: string | Buffer): void {
    this.#socket.write(data);
  }

  /** Returns one complete frame with a mask of zeros. */
  sendText(text: string, firstByte = FIN_TEXT): void {
    const payload = Buffer.from(text);
    const header =
      payload.length < 126
        ? [firstByte, 0x80 | payload.length, 0, 0, 0, 0]
        : [firstByte, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0];
    this.write(Buffer.concat([Buffer.from(header), payload]));
  }

  close(): void {
    this.#socket.destroy();
  }
}
