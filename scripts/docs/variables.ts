import { z } from 'zod';
import { apiSchema } from '../../apps/api/src/config-schema.ts';
import { gatewaySchema } from '../../apps/gateway/src/config.ts';
import { workerSchema } from '../../apps/worker/src/config.ts';

/** One environment variable, as the processes that read it declare it. */
export interface Variable {
  name: string;
  usedBy: string[];
  /** Its default, or that it is required, by process; empty where it is optional. */
  defaults: Map<string, string>;
  takes: string;
  /** By process, where they differ. */
  descriptions: Map<string, string>;
}

const PROCESSES = { api: apiSchema, worker: workerSchema, gateway: gatewaySchema };
/** The system's own, which the worker reads to find programs. */
const UNDOCUMENTED = ['PATH'];

/** Reads every variable out of the three schemas, in their order. @throws Error for one without a description */
export const readVariables = (): Variable[] => {
  const found = new Map<string, Variable>();
  for (const [process, { shape }] of Object.entries(PROCESSES))
    for (const [name, schema] of Object.entries<z.ZodType>({ ...shape })) {
      if (UNDOCUMENTED.some((one) => one === name)) continue;
      const facts = factsOf(name, schema);
      if (facts.description === undefined) throw new Error(`${process}: ${name} has no description`);
      const variable: Variable = found.get(name) ?? {
        ...facts,
        name,
        usedBy: [],
        defaults: new Map(),
        descriptions: new Map(),
      };
      variable.usedBy.push(process);
      if (facts.isRequired) variable.defaults.set(process, '**required**');
      else if (facts.byDefault !== undefined) variable.defaults.set(process, defaultText(name, facts));
      variable.descriptions.set(process, facts.description);
      found.set(name, variable);
    }
  return [...found.values()];
};

interface Facts {
  isRequired: boolean;
  byDefault: unknown;
  takes: string;
  description: string | undefined;
}

/** Unwraps defaults, optionals and pipes; the outermost word on a matter counts. */
const factsOf = (name: string, schema: z.ZodType): Facts => {
  let isRequired = true;
  let byDefault: unknown;
  let takes: string | undefined;
  let description: string | undefined;
  for (let at: z.ZodType | undefined = schema; at !== undefined; at = innerOf(at)) {
    const meta = z.globalRegistry.get(at);
    description ??= meta?.description;
    takes ??= takesOf(name, at, meta);
    byDefault ??= meta?.byDefault;
    if (at instanceof z.ZodDefault) byDefault ??= at.def.defaultValue;
    if (at instanceof z.ZodDefault || at instanceof z.ZodOptional) isRequired = false;
  }
  return { isRequired, byDefault, takes: takes ?? 'text', description };
};

const innerOf = (schema: z.ZodType): z.ZodType | undefined => {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return schema.def.innerType as z.ZodType;
  return schema instanceof z.ZodPipe ? (schema.def.in as z.ZodType) : undefined;
};

const takesOf = (name: string, schema: z.ZodType, meta: z.GlobalMeta | undefined): string | undefined => {
  if (schema instanceof z.ZodEnum) return schema.options.map((option) => `\`${option}\``).join(', ');
  if (meta?.takes === 'number' && meta.max !== undefined) {
    const textOf = name.endsWith('_BYTES') ? bytesText : numberText;
    return `${textOf(Number(meta.min))} to ${textOf(Number(meta.max))}`;
  }
  return typeof meta?.takes === 'string' ? meta.takes : undefined;
};

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;
const BINARY = [
  ['TiB', 1_024 ** 4],
  ['GiB', 1_024 ** 3],
  ['MiB', 1_024 ** 2],
] as const;

/** A default as one types it; bytes as people read them. */
const defaultText = (name: string, { byDefault, takes }: Facts): string => {
  if (typeof byDefault === 'number' && takes.startsWith('duration')) return durationText(byDefault);
  if (typeof byDefault === 'number' && name.endsWith('_BYTES')) return bytesText(byDefault);
  if (typeof byDefault === 'number') return numberText(byDefault);
  if (Array.isArray(byDefault)) return byDefault.length === 0 ? '' : `\`${byDefault.join(',')}\``;
  if (typeof byDefault === 'object') return '';
  const text = String(byDefault);
  return /[\s`]/.test(text) ? text : `\`${text}\``;
};

const durationText = (ms: number): string => {
  const [unit, size] = UNITS.find(([, one]) => ms % one === 0) ?? ['ms', 1];
  // A day is 24h to the people who set it.
  return unit === 'd' && ms === size ? '24h' : `${ms / size}${unit}`;
};

const bytesText = (bytes: number): string => {
  const [unit, size] = BINARY.find(([, one]) => bytes % one === 0) ?? [];
  return size === undefined ? numberText(bytes) : `${bytes} (${bytes / size} ${unit})`;
};

const numberText = (value: number): string => (value === Number.MAX_SAFE_INTEGER ? '2⁵³ − 1' : String(value));
