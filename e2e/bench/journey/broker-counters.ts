/** The broker's counters since its start. */
export interface BrokerCounts {
  stream_messages: number;
  stream_bytes: number;
  /** Everything that clients sent, including acknowledgements and requests. */
  messages_in: number;
}

interface StreamDetail {
  name: string;
  state: { last_seq: number; bytes: number };
}

interface Jsz {
  account_details?: { stream_detail?: StreamDetail[] }[];
}

/** @param monitorUrl of nats-server; `appName` picks the streams of one installation */
export const readBroker = async (monitorUrl: string, appName: string): Promise<BrokerCounts> => {
  const get = async (path: string) => (await fetch(`${monitorUrl}${path}`)).json();
  const jsz = (await get('/jsz?streams=true')) as Jsz;
  const varz = (await get('/varz')) as { in_msgs: number };
  const streams = (jsz.account_details ?? [])
    .flatMap(({ stream_detail = [] }) => stream_detail)
    .filter(({ name }) => name.startsWith(`${appName.toUpperCase()}_`));
  return {
    stream_messages: streams.reduce((sum, { state }) => sum + state.last_seq, 0),
    stream_bytes: streams.reduce((sum, { state }) => sum + state.bytes, 0),
    messages_in: varz.in_msgs,
  };
};
