import { join } from 'node:path';
import { javaLibraries } from '../clients/java/java-libraries.ts';
import type { FindStore } from './store-program.ts';

const POM = new URL('./s3mock-pom.xml', import.meta.url);

/** Adobe S3Mock, from Maven Central: an implementation of its own on the JVM. */
export const s3mock: FindStore = async ({ access, port, dataDir }) => {
  const { java, folder } = await javaLibraries(POM);
  return {
    command: java,
    args: [
      '-Xmx512m',
      '-jar',
      join(folder, 's3mock-4.7.0-exec.jar'),
      '--server.address=127.0.0.1',
      // Its TLS port is not used.
      '--server.port=0',
      `--com.adobe.testing.s3mock.httpPort=${port}`,
    ],
    env: {
      COM_ADOBE_TESTING_S3MOCK_STORE_ROOT: join(dataDir, 'objects'),
      COM_ADOBE_TESTING_S3MOCK_STORE_REGION: access.region,
    },
  };
};
