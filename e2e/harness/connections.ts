import { readdir, readFile, readlink } from 'node:fs/promises';

interface TcpSocket {
  inode: string;
  localPort: number;
  remotePort: number;
  isListening: boolean;
}

const LISTEN = '0A';

const portOf = (address: string): number => Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16);

const readTable = async (pid: number, name: 'tcp' | 'tcp6'): Promise<TcpSocket[]> => {
  const [, ...lines] = (await readFile(`/proc/${pid}/net/${name}`, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => {
    const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
    return {
      inode,
      localPort: portOf(local),
      remotePort: portOf(remote),
      isListening: state === LISTEN,
    };
  });
};

const socketInodes = async (pid: number): Promise<Set<string>> => {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')),
  );
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
};

/**
 * Returns remote ports of the connections that a process opened itself. Linux.
 * @throws when the process does not exist
 */
export const outgoingPorts = async (pid: number): Promise<Set<number>> => {
  const inodes = await socketInodes(pid);
  const tables = await Promise.all([readTable(pid, 'tcp'), readTable(pid, 'tcp6')]);
  const sockets = tables.flat().filter(({ inode }) => inodes.has(inode));
  const listening = new Set(
    sockets.filter(({ isListening }) => isListening).map(({ localPort }) => localPort),
  );
  return new Set(
    sockets
      .filter(({ isListening, localPort }) => !isListening && !listening.has(localPort))
      .map(({ remotePort }) => remotePort),
  );
};
