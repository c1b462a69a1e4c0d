/** Environment variables by name, like `process.env`. Only `start.ts` reads the real one. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the value of `name`; an empty value counts as not set. */
export const configured = (env: Environment, name: string): string | undefined => {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
};

/** Copies only set variables, so that `undefined` never reaches a child process as the word "undefined". */
export const definedOnly = (env: Environment): Record<string, string> => {
  const defined: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) defined[name] = value;
  }
  return defined;
};
