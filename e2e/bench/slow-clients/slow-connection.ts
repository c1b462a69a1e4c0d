import { connect, type Socket } from 'node:net';

/** One PATCH on a raw socket whose body arrives slowly. */
export class SlowConnection {
  readonly #socket: Socket;
  readonly #drop: Buffer;
  /** The server's answer, or the reason why the connection ended; normally undefined. */
  ended: string | undefined;

  private constructor(socket: Socket, drop: Buffer) {
    this.#socket = socket;
    this.#drop = drop;
    socket.on('data', (answer) => {
      this.ended ??= answer.toString('latin1').split('\r\n', 1)[0] ?? '';
    });
    socket.on('error', (error) => {
      this.ended ??= error.message;
    });
    socket.on('close', () => {
      this.ended ??= 'closed by the server';
    });
  }

  static open(options: {
    url: string;
    token: string | undefined;
    declared_bytes: number;
    drop: Buffer;
  }): Promise<SlowConnection> {
    const { hostname, host, port, pathname } = new URL(options.url);
    const head = [
      `PATCH ${pathname} HTTP/1.1`,
      `Host: ${host}`,
      'Tus-Resumable: 1.0.0',
      'Upload-Offset: 0',
      'Content-Type: application/offset+octet-stream',
      `Content-Length: ${options.declared_bytes}`,
      ...(options.token === undefined ? [] : [`Authorization: Bearer ${options.token}`]),
    ];
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.write(`${head.join('\r\n')}\r\n\r\n`);
        resolve(new SlowConnection(socket, options.drop));
      });
    });
  }

  sendDrop(): void {
    if (this.ended === undefined) this.#socket.write(this.#drop);
  }

  close(): void {
    this.#socket.destroy();
  }
}
