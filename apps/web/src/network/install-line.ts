import { lineFetch } from './line-fetch.ts';
import { lineRequest } from './line-request.ts';
import { lineSocket } from './line-socket.ts';
import { NetworkLine } from './network-line.ts';

/** Puts a line under everything in this page that talks to a server, and under what says whether it can. */
const installLine = (): NetworkLine => {
  const line = new NetworkLine();
  window.fetch = lineFetch(line, window.fetch.bind(window));
  window.XMLHttpRequest = lineRequest(line, window.XMLHttpRequest);
  window.WebSocket = lineSocket(line, window.WebSocket);

  let isOnline = true;
  Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => isOnline });
  line.store.subscribe(() => {
    if (isOnline === !line.isCut) return;
    isOnline = !line.isCut;
    window.dispatchEvent(new Event(isOnline ? 'online' : 'offline'));
  });
  return line;
};

/** Libraries keep the WebSocket that they find when they are loaded: this module has to be loaded before them. */
export const line = installLine();
