// The yardsticks: Socket.IO without state and without authentication, alone or with its Redis adapter.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { messageOf } from './realtime-server.ts';

interface Emit {
  rooms: string[];
  at: number;
}

const { PORT, REDIS_URL } = process.env;
const httpServer = createServer();
const io = new Server(httpServer, {
  transports: ['websocket'],
  perMessageDeflate: false,
  serveClient: false,
});

if (REDIS_URL !== undefined) {
  const publisher = new Redis(REDIS_URL);
  io.adapter(createAdapter(publisher, publisher.duplicate()));
}

io.on('connection', (socket) => {
  socket.on(
    'subscribe',
    ({ conversation_id }: { conversation_id: string }, answer: (result: object) => void) => {
      void socket.join(conversation_id);
      answer({ ok: true, last_seq: 0 });
    },
  );
});

process.on('message', ({ rooms, at }: Emit) => {
  for (const room of rooms)
    io.to(room).emit('message.created', { conversation_id: room, seq: 1, message: messageOf(room, at) });
});
process.on('disconnect', () => process.exit());
httpServer.listen(Number(PORT), '127.0.0.1', () => process.send?.('ready'));
