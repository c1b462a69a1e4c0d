type CamelCase<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Lowercase<First>}${Capitalize<CamelCase<Rest>>}`
  : Lowercase<Name>;

export type CamelCased<Variables> = {
  [Name in keyof Variables & string as CamelCase<Name>]: Variables[Name];
};

/** Renames variables for TypeScript: `MAX_ATTEMPTS` becomes `maxAttempts`. */
export const camelCased = <Variables extends object>(variables: Variables): CamelCased<Variables> =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  ) as CamelCased<Variables>;
