import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';

const require = createRequire(import.meta.url);
const schemaUrl = new URL('../../../prisma/schema.prisma', import.meta.url);

/** Loads the wasm build of Prisma's schema engine: the native one is not available on every platform. */
const loadEngine = async () => {
  const wasmFile = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm');
  const engine = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = readFileSync(wasmFile);
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': engine as never });
  engine.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  return engine.SchemaEngine;
};

/**
 * Returns the SQL that changes an older schema (an empty one by default) into prisma/schema.prisma: the draft of a
 * migration. The engine asks any Postgres for its version, and changes nothing there.
 */
export const schemaDiff = async (databaseUrl: string, olderSchema?: string): Promise<string> => {
  const schema = readFileSync(schemaUrl, 'utf8');
  const files = (content: string) => [{ path: 'schema.prisma', content }];
  const SchemaEngine = await loadEngine();
  const engine = await SchemaEngine.new(
    { datamodels: [['schema.prisma', schema]] } as never,
    () => {},
    bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: databaseUrl })),
  );
  const result = await engine.diff({
    from:
      olderSchema === undefined ? { tag: 'empty' } : { tag: 'schemaDatamodel', files: files(olderSchema) },
    to: { tag: 'schemaDatamodel', files: files(schema) },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  engine.free();
  return result.stdout ?? '';
};

// git show HEAD:prisma/schema.prisma | DATABASE_URL=… node packages/database/scripts/schema-diff.ts -
if (import.meta.main) {
  const olderSchema = process.argv[2] === '-' ? readFileSync(0, 'utf8') : undefined;
  process.stdout.write(await schemaDiff(process.env.DATABASE_URL ?? '', olderSchema));
}
