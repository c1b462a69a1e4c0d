import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

/** A certificate authority of a test; its files are in one folder, as `<name>.pem` and `<name>.key`. */
export class CertificateAuthority {
  readonly file: string;
  readonly #folder: string;
  readonly #key: string;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.file = join(folder, `${name}.pem`);
    this.#key = join(folder, `${name}.key`);
  }

  static async create(folder: string, name: string): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(folder, name);
    const out = ['-keyout', authority.#key, '-out', authority.file];
    await run('openssl', ['req', '-x509', ...NEW_KEY, '-subj', `/CN=${name}`, ...out]);
    return authority;
  }

  /** @param names of its holder: `DNS:localhost`, `IP:127.0.0.1`. @returns paths of certificate and key */
  async certify(name: string, names: readonly string[]): Promise<{ cert: string; key: string }> {
    const [cert, key] = [join(this.#folder, `${name}.pem`), join(this.#folder, `${name}.key`)];
    await run('openssl', [
      ...['req', '-x509', ...NEW_KEY, '-subj', `/CN=${name}`],
      ...['-addext', `subjectAltName=${names.join(',')}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
      ...['-CA', this.file, '-CAkey', this.#key, '-keyout', key, '-out', cert],
    ]);
    return { cert, key };
  }
}
