import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSystemPackage } from '@claimcheck/local-stack/ensure-system-package';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';

export interface Nginx {
  pid: number;
  url: string;
  stop(): Promise<void>;
}

/** One process, like our api. Its host name is the storage's, for which URLs are signed. */
const configOf = (port: number, storage: string, folder: string): string => `
daemon off;
master_process off;
error_log ${folder}/error.log;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream storage { server ${new URL(storage).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://storage;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host ${new URL(storage).host};
      proxy_max_temp_file_size 0;
    }
  }
}
`;

/** Starts nginx in front of a storage. @throws Error that says how to get it */
export const startNginx = async (storage: string, onProgress: (line: string) => void): Promise<Nginx> => {
  const program = await ensureSystemPackage({
    programs: ['nginx', '/usr/sbin/nginx'],
    aptPackage: 'nginx-light',
    purpose: 'the comparison with a proxy',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    onProgress,
  });
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-nginx-'));
  const port = await freePort(new Set());
  await writeFile(join(folder, 'nginx.conf'), configOf(port, storage, folder));
  const url = `http://127.0.0.1:${port}`;
  const service = await startProcess({
    name: 'nginx',
    command: program,
    args: ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')],
    cwd: folder,
    env: {},
    ready: async () => (await fetch(url)).status > 0,
    timeoutMs: 10_000,
  });
  return {
    pid: service.pid,
    url,
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
