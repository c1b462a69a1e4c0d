// An S3 server that discards its bytes, for loads larger than a disk.
import { createServer } from 'node:http';
import { SinkRequests } from './sink-requests.ts';

const port = Number(process.argv[2]);
const requests = new SinkRequests();
let answered = 0;

createServer({ requestTimeout: 0 }, (request, response) => {
  // Not a bucket's name: returns the number of S3 requests so far.
  if (request.url === '/-/requests') {
    response.end(String(answered));
    return;
  }
  answered += 1;
  requests.answer(request).then(
    ({ status, headers, body }) => response.writeHead(status, headers).end(body),
    // The body was truncated: it does not count.
    () => response.destroy(),
  );
}).listen(port, '127.0.0.1');
