import { lineFetch } from './line-fetch.ts';
import { lineRequest } from './line-request.ts';
import { lineSocket } from './line-socket.ts';
import { NetworkLine } from './network-line.ts';

/** Routes everything in this page that contacts a server through a line, together with the online state. */
const installLine = (): NetworkLine => {
  const line = new NetworkLine();
  window.fetch = lineFetch(line, window.fetch.bind(window));
  window.XMLHttpRequest = lineRequest(line, window.XMLHttpRequest);
  window.WebSocket = lineSocket(line, window.WebSocket);

  const hasNetwork = Object.getOwnPropertyDescriptor(Navigator.prototype, 'onLine')?.get;
  Object.defineProperty(navigator, 'onLine', {
    configurable: true,
    get: () => !line.isCut && hasNetwork?.call(navigator) !== false,
  });
  let wasCut = false;
  line.store.subscribe(() => {
    if (wasCut === line.isCut) return;
    wasCut = line.isCut;
    window.dispatchEvent(new Event(wasCut ? 'offline' : 'online'));
  });
  return line;
};

/** Libraries keep the WebSocket that they find when they load, so this module must be loaded before them. */
export const line = installLine();
